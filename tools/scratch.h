/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel and the commands on it can do, tried in a network namespace of
 * its own that is gone afterwards. Knows nothing of the rules that are in use. */
#ifndef IPQCTL_SCRATCH_H
#define IPQCTL_SCRATCH_H

#include "report.h"

/* Which commands can make rules with NFQUEUE; all of them, where that is not known. */
struct possible {
	bool iptables, ip6tables, nft;
};

/* Tries, and reports whether programs can get packets at all and which rules can
 * be made. */
void scratch_try(struct report *r, struct possible *possible);

#endif
