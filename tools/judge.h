/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules and queues held against each other: what is lost, what will be. Knows
 * nothing of where they were read. */
#ifndef IPQCTL_JUDGE_H
#define IPQCTL_JUDGE_H

#include "proc.h"
#include "report.h"
#include "rulesets.h"

/* A finding for each rule and for each queue that is bound. */
void judge(const struct rulesets *rules, const struct queues *queues,
	   struct report *r);

#endif
