/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of this network namespace that give packets to queues, whatever they
 * were made with. Knows nothing of who holds the queues. */
#ifndef IPQCTL_RULESETS_H
#define IPQCTL_RULESETS_H

#include "command.h"
#include "report.h"
#include "saved-rule.h"

#define RULESETS 5


struct found_rule {
	struct saved_rule saved;	/* pieces of the listings */
	const char *tool;	/* that changes it: "iptables-legacy", "nft", … */
	bool is_nft;
	bool ipv4, ipv6;	/* which packets it sees */
};

struct rulesets {
	struct command listing[RULESETS];
	const char *tool[RULESETS];
	struct found_rule *list;
	size_t count;
	bool complete;		/* all of them could be read */
};

/* Reports what cannot be read, unless r is NULL. */
void rulesets_read(struct rulesets *rules, struct report *r);
void rulesets_free(struct rulesets *rules);

/* "iptables-legacy filter INPUT 2 [-p udp -j QUEUE]". To be freed. */
char *rule_describe(const struct found_rule *rule);

/* The command that adds bypass to it, to be freed; NULL if there is none, as its queue is
 * computed. */
char *rule_bypass_command(const struct found_rule *rule);

/* The command that has it send to the queue with that number. To be freed. */
char *rule_number_command(const struct found_rule *rule, uint16_t number);

#endif
