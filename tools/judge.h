/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules and queues held against each other: what is lost, what will be. Knows
 * nothing of where they were read. */
#ifndef IPQCTL_JUDGE_H
#define IPQCTL_JUDGE_H

#include "proc.h"
#include "report.h"
#include "rulesets.h"
#include "scratch.h"

/* A finding for each rule and for each queue that is bound. Advises commands that are
 * possible. */
void judge(const struct rulesets *rules, const struct queues *queues,
	   const struct possible *possible, struct report *r);

/* A queue whose reader drops what the rule sends there, as it is of the other family. NULL
 * if there is none. */
const struct queue *judge_dropping(const struct found_rule *rule, const struct queues *queues);

#endif
