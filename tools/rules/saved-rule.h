/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that give packets to a queue, as iptables-save and nft list them. Pure:
 * lines in, rules out; no I/O, nothing allocated. */
#ifndef RULES_SAVED_RULE_H
#define RULES_SAVED_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/* Where a reader is in its listing. Zero at the start. The listing must stay. */
struct saved_reader {
	struct text family;	/* nft only: "ip", "inet", … */
	struct text table, chain;
	unsigned int number;	/* of the chain's rules so far */
	unsigned int depth;	/* nft only: open braces */
};

/* What a rule says of queues; pieces of the listing. */
struct saved_rule {
	struct text family, table, chain;
	unsigned long number;	/* in the chain from 1; nft: the handle */
	struct text rule;	/* the matches, and the target with its options */
	struct text verdict;	/* of rule: the target with its options */
	uint16_t first, last;	/* queue numbers */
	bool computed;		/* by the kernel per packet: not known */
	bool bypass;
};

/* Takes a line. True if it is a rule with the target QUEUE or NFQUEUE. */
bool saved_rule_iptables(struct saved_reader *r, struct text line,
			 struct saved_rule *rule);

/* The same for a line of nft -a list ruleset and the statement queue. */
bool saved_rule_nft(struct saved_reader *r, struct text line,
		    struct saved_rule *rule);

#endif
