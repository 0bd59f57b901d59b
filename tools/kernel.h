/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the library offers and this kernel is too old for, by what the kernel answers.
 * Knows nothing of rules. */
#ifndef IPQCTL_KERNEL_H
#define IPQCTL_KERNEL_H

#include <stdbool.h>

#include "report.h"

struct lacking {
	bool fail_open;		/* NFQA_CFG_F_FAIL_OPEN, since Linux 3.6 */
	bool gso;		/* NFQA_CFG_F_GSO, since Linux 3.10 */
	bool supervision;	/* pidfd_getfd(2), since Linux 5.6 */
};

/* Binds queue 0 of the network namespace for as long as it asks. */
struct lacking kernel_lacks(void);

/* Reports nothing if nothing is lacking. */
void kernel_report(struct report *r, const struct lacking *l);

#endif
