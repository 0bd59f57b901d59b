/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which family a rule is for, by what is nearest to it: an option, the command, who
 * reads the here-document, the file's header. Pure. Knows nothing of targets. */
#ifndef RULES_JUMP_FAMILY_H
#define RULES_JUMP_FAMILY_H

#include "jump.h"

/* A word of the command. */
void family_read_word(struct jump_reader *r, struct text word);

/* A comment, which may be the header of a saved file. */
void family_read_comment(struct jump_reader *r, struct text line);

/* r->rest begins with "<<END", "<<-'END'": what is to come until a line END is read by
 * this command. */
void family_read_here_document(struct jump_reader *r);

/* The line has ended, and what it told with it, but for a here-document. */
void family_end_line(struct jump_reader *r);

/* "echo '-A INPUT -j QUEUE' | ip6tables-restore": who reads what the command prints. */
void family_find_reader(const struct jump_reader *r, struct jump *jump);

#endif
