/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares rules with queues and reports what goes wrong or will: rules whose
 * queue nobody has bound, queues that no rule sends packets to. Does not know
 * where they were read. */
#ifndef IPQCTL_JUDGE_H
#define IPQCTL_JUDGE_H

#include "proc.h"
#include "report.h"
#include "rulesets.h"
#include "scratch.h"

/* Reports a finding for each rule and for each queue that is bound. Suggests only
 * commands that are possible here. */
void judge(const struct rulesets *rules, const struct queues *queues,
	   const struct possible *possible, struct report *r);

/* A queue whose reader drops what the rule sends there, as it is of the other family. NULL
 * if there is none. */
const struct queue *judge_dropping(const struct found_rule *rule, const struct queues *queues);

#endif
