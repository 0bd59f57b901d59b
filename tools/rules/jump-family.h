/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out whether a rule is for IPv4 or IPv6, from what is nearest to it: an option,
 * the command, the reader of the here-document, the header of the file. Pure. Knows
 * nothing of targets. */
#ifndef RULES_JUMP_FAMILY_H
#define RULES_JUMP_FAMILY_H

#include "jump.h"

/* Call for each word of a command. */
void family_read_word(struct jump_reader *r, struct text word);

/* Call for a comment, which may be the header that iptables-save writes. */
void family_read_comment(struct jump_reader *r, struct text line);

/* Call where r->rest begins with "<<END" or "<<-'END'": this command reads the lines
 * up to a line END. */
void family_read_here_document(struct jump_reader *r);

/* Call at the end of a line. The family it told is forgotten, except for
 * a here-document. */
void family_end_line(struct jump_reader *r);

/* Finds the family of rules that a command prints into a pipe, as in
 * "echo '-A INPUT -j QUEUE' | ip6tables-restore". */
void family_find_reader(const struct jump_reader *r, struct jump *jump);

#endif
