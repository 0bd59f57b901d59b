/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out why the kernel refuses packets to this process, and what helps in its
 * environment. Knows nothing of queues. */
#ifndef IPQ_PRIVILEGE_H
#define IPQ_PRIVILEGE_H

struct privilege_advice {
	const char *why;	/* why CAP_NET_ADMIN is missing */
	const char *mend;	/* what to do; the command may be printed after it */
	const char *command;	/* for a shell, with PROGRAM in it; NULL if none helps */
};

/* Call if the kernel has refused a queue number to this process. Does not change
 * errno. */
void privilege_advise(struct privilege_advice *advice);

#endif
