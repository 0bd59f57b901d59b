/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses rules that send packets to a queue, as iptables-save and nft list them. Pure: no
 * I/O, nothing allocated. */
#ifndef RULES_SAVED_RULE_H
#define RULES_SAVED_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/* The state of a reader, all 0 at the start. The listing must not be freed meanwhile. */
struct saved_reader {
	struct text family;	/* with nft: "ip", "inet", … */
	struct text table, chain;
	unsigned int number;	/* rules read in the chain */
	unsigned int depth;	/* with nft: open braces */
};

/* What a rule says of queues. The texts point into the listing. */
struct saved_rule {
	struct text family, table, chain;
	unsigned long number;	/* in the chain, from 1; with nft, the handle */
	struct text rule;	/* the matches, and the target with its options */
	struct text verdict;	/* part of rule: the target with its options */
	uint16_t first, last;	/* queue numbers */
	bool computed;		/* the kernel computes the number for each packet */
	bool bypass;
};

/* Reads a line of iptables-save. Returns whether it is a rule with the target
 * QUEUE or NFQUEUE. */
bool saved_rule_iptables(struct saved_reader *r, struct text line,
			 struct saved_rule *rule);

/* The same for a line of "nft -a list ruleset" and the statement queue. */
bool saved_rule_nft(struct saved_reader *r, struct text line,
		    struct saved_rule *rule);

#endif
