/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds jumps to QUEUE in rule files and shell scripts. Reads both in the same way, and
 * passes over what it does not know. Pure: no I/O, nothing allocated. */
#ifndef RULES_JUMP_H
#define RULES_JUMP_H

#include "text.h"

enum jump_kind {
	JUMP,			/* target is QUEUE after -j or "=QUEUE" after --jump */
	JUMP_UNCLEAR,		/* target contains QUEUE elsewhere: a variable's value */
	JUMP_GONE,		/* target names the module ip_queue or its files */
};

struct jump {
	enum jump_kind kind;
	struct text target;
	struct text table;	/* the table, within a rule file; else at is NULL */
	unsigned long line;	/* its number, from 1 */
	bool ipv6;		/* family; if not told, the default */
	bool told;		/* something in the text tells the family */
	bool by_file;		/* it is told by the file, not by the command */
};

/* What tells the family, the surest last. */
enum jump_teller {
	TOLD_BY_NOTHING,
	TOLD_BY_FILE,		/* its header, or the reader of a here-document */
	TOLD_BY_VARIABLE,	/* a variable such as $IPT6 */
	TOLD_BY_IPTABLES,
	TOLD_BY_IP6TABLES,	/* anywhere in the command: "iptables" may run it */
	TOLD_BY_OPTION,		/* -4 or -6 */
};

struct jump_reader {
	struct text rest;
	const char *command;	/* beginning of the command that is being read */
	/* The command around $(...) or `...`, which continues after it. */
	struct {
		const char *command;	/* NULL if there is none */
		bool ipv6;
		enum jump_teller told;
	} around;
	struct text table;
	/* The quoted text that began last and is not within other quotes. */
	struct text quoted;
	unsigned long line;
	bool in_ipv6, file_told; /* like ipv6 and told, for the file or here-document */
	bool ipv6;		/* family of this command */
	enum jump_teller told;	/* what told it */
	bool line_ipv6, line_told; /* the same for the commands of this line so far */
	struct text end;	/* line that ends the here-document; at is NULL outside */
	struct text end_coming;	/* the same for the one that begins with the next line */
	/* in_ipv6 and file_told outside of the here-document. */
	bool outer_ipv6, outer_told;
	bool jumped, explained;	/* the last word was -j, was --comment or such */
	bool starts;		/* a word begins here; else this is within a word */
};

/* Starts reading text, which must remain. ipv6 is the family where nothing tells it. */
void jump_start(struct jump_reader *r, struct text text, bool ipv6);
bool jump_next(struct jump_reader *r, struct jump *jump);

/* Returns the command that the last jump is part of. */
struct text jump_command(const struct jump_reader *r);

#endif
