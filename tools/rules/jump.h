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
};

struct jump_reader {
	struct text rest;
	const char *command;	/* where the one that is being read begins */
	struct text table;
	struct text quoted;	/* the text in quotes that began last, within no other */
	unsigned long line;
	bool in_ipv6, file_told; /* as below, for the file as a whole */
	bool ipv6, told;	/* by this command */
	bool jumped, explained;	/* the word before was -j, was --comment */
	bool starts;		/* a word begins here, not the middle of one */
};

/* ipv6: what it is if nothing in the file tells. text must stay. */
void jump_start(struct jump_reader *r, struct text text, bool ipv6);
bool jump_next(struct jump_reader *r, struct jump *jump);

/* The command in which the last one stands. */
struct text jump_command(const struct jump_reader *r);

#endif
