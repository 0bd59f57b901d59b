/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why this process may not have packets, and what helps where it runs. Knows nothing of
 * queues. */
#ifndef IPQ_PRIVILEGE_H
#define IPQ_PRIVILEGE_H

struct privilege_advice {
	const char *why;	/* CAP_NET_ADMIN is missing */
	const char *mend;	/* in words that may be followed by the command */
	const char *command;	/* for a shell, with PROGRAM in it; NULL if none helps */
};

/* For a process that the kernel has refused a queue. errno is left alone. */
void privilege_advise(struct privilege_advice *advice);

#endif
