/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queues that programs own by ip_queue's protocol, as the kernel lists them, and the
 * packets that may wait in each. Knows nothing of the files that show it. */
#ifndef SURROUNDINGS_HELD_H
#define SURROUNDINGS_HELD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "queues.h"

struct held {
	struct queue_line line;
	/* The process that has the socket; if that cannot be seen, the one that opened
	 * it; 0: there is no queue. */
	pid_t process;
	uint32_t maxlen;		/* packets that may wait */
};

/* Finds the queue that the file of this family shows: the one with the number that this
 * process's settings name, else the first in the list. If there is none, fills in what
 * the file showed while no program used ip_queue. Returns false and errno if the list
 * cannot be read. */
bool held_find(int family, struct held *h);

/* Sets the maximum length of all queues of the family whose owner was started without
 * LIBIPQ_MAXLEN. Queues of other processes are set only as far as pidfd_getfd(2) is
 * permitted; it needs Linux 5.6. */
void held_set_maxlen(int family, uint32_t maxlen);

#endif
