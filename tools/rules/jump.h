/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where rule files and shell scripts jump to QUEUE. Reads both alike: what it does
 * not know it passes over. Pure: no I/O, nothing allocated. */
#ifndef RULES_JUMP_H
#define RULES_JUMP_H

#include "text.h"

enum jump_kind {
	JUMP,			/* target is QUEUE after -j, =QUEUE after --jump */
	JUMP_UNCLEAR,		/* target is QUEUE elsewhere, a variable's value say */
	JUMP_GONE,		/* target names the module ip_queue or its files */
};

struct jump {
	enum jump_kind kind;
	struct text target;
	struct text table;	/* in a rule file: the table; at is NULL elsewhere */
	unsigned long line;	/* from 1 */
	bool ipv6;		/* the command is ip6tables, */
	bool told;		/* or iptables; else it is not told which */
	bool by_file;		/* it is told by the file, not by the command */
};

/* What tells the family, the nearest and surest last. */
enum jump_teller {
	TOLD_BY_NOTHING,
	TOLD_BY_FILE,		/* its header, or who reads the here-document */
	TOLD_BY_VARIABLE,	/* $IPT6 */
	TOLD_BY_IPTABLES,
	TOLD_BY_IP6TABLES,	/* iptables may be the name of what runs it */
	TOLD_BY_OPTION,		/* -4, -6 */
};

struct jump_reader {
	struct text rest;
	const char *command;	/* where the one that is being read begins */
	struct {		/* around $(...) or `...`: the one that goes on then */
		const char *command;	/* NULL if there is none */
		bool ipv6;
		enum jump_teller told;
	} around;
	struct text table;
	struct text quoted;	/* the text in quotes that began last, within no other */
	unsigned long line;
	bool in_ipv6, file_told; /* as below, for the file or the here-document */
	bool ipv6;		/* by this command, */
	enum jump_teller told;	/* or what else told */
	bool line_ipv6, line_told; /* by the commands of this line so far */
	struct text end;	/* of the here-document: its last line; at NULL outside */
	struct text end_coming;	/* that of the one which begins with the next line */
	bool outer_ipv6, outer_told; /* in_ipv6 and file_told outside of it */
	bool jumped, explained;	/* the word before was -j, was --comment */
	bool starts;		/* a word begins here, not the middle of one */
};

/* ipv6: what it is if nothing in the file tells. text must stay. */
void jump_start(struct jump_reader *r, struct text text, bool ipv6);
bool jump_next(struct jump_reader *r, struct jump *jump);

/* The command in which the last one stands. */
struct text jump_command(const struct jump_reader *r);

#endif
