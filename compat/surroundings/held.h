/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queues that programs hold for ip_queue's protocol, as the kernel lists them, and
 * how many packets may wait in each. Knows nothing of files that show it. */
#ifndef SURROUNDINGS_HELD_H
#define SURROUNDINGS_HELD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct held {
	uint16_t queue;
	uint32_t port_id;
	pid_t process;			/* that holds it, or opened it if that is not to
					 * be seen; 0: nobody does */
	uint32_t mode, range;		/* as IPQ_COPY_*; bytes */
	uint32_t waiting;		/* packets, as in all that follows */
	uint32_t maxlen;
	uint32_t dropped_full, dropped_slow;
};

/* The one of the family: that with the number of this process's setting, else the
 * first. If there is none, all is as it was for a module without a program. False and
 * errno if the kernel does not tell. */
bool held_find(int family, struct held *h);

/* Changes what may wait in all of the family whose programs have no LIBIPQ_MAXLEN.
 * Those of other processes only as far as this one may (pidfd_getfd(2), Linux 5.6). */
void held_set_maxlen(int family, uint32_t maxlen);

#endif
