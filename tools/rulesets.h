/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the rules of this network namespace that send packets to queues, whichever tool
 * made them. Knows nothing of who owns the queues. */
#ifndef IPQCTL_RULESETS_H
#define IPQCTL_RULESETS_H

#include "command.h"
#include "report.h"
#include "saved-rule.h"

#define RULESETS 5


struct found_rule {
	struct saved_rule saved;	/* points into a listing */
	const char *tool;	/* tool to change it with: "iptables-legacy", "nft", … */
	bool is_nft;
	bool ipv4, ipv6;	/* whether it sees such packets */
};

struct rulesets {
	struct command listing[RULESETS];
	const char *tool[RULESETS];
	struct found_rule *list;
	size_t count;
	bool complete;		/* all rules could be read */
};

/* Lists the rules with every tool there is. Reports what cannot be read, unless r is NULL. */
void rulesets_read(struct rulesets *rules, struct report *r);
void rulesets_free(struct rulesets *rules);

/* Returns "iptables-legacy filter INPUT 2 [-p udp -j QUEUE]". The caller frees it. */
char *rule_describe(const struct found_rule *rule);

/* Returns a command that adds bypass to the rule, to be freed; NULL if there is none, as
 * the kernel computes the queue number. */
char *rule_bypass_command(const struct found_rule *rule);

/* Returns a command that changes the rule to use this queue number. The
 * caller frees it. */
char *rule_number_command(const struct found_rule *rule, uint16_t number);

#endif
