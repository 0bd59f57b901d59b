/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tries what this kernel and the tools on it can do, in a network namespace of its own
 * that does not remain. Knows nothing of the rules that are in use. */
#ifndef IPQCTL_SCRATCH_H
#define IPQCTL_SCRATCH_H

#include "report.h"

/* Which tools can make a rule with NFQUEUE; true for all if that is not known. */
struct possible {
	bool iptables, ip6tables, nft;
};

/* Reports whether programs can get packets at all, and which rules can be made. */
void scratch_try(struct report *r, struct possible *possible);

#endif
