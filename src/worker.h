/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a mover does with packets: it gives each the verdict NF_QUEUE, with the private
 * number of the handle of its family. Knows the handles (peers.h), and nothing of the
 * processes in which it runs. */
#ifndef IPQ_WORKER_H
#define IPQ_WORKER_H

#include <stdint.h>

struct work {
	int fd;			/* the socket that owns the queue numbers */
	int errors;		/* stderr with LIBIPQ_DEBUG, otherwise -1 */
	uint16_t first, last;	/* the queue numbers, */
	uint64_t network;	/* and their network namespace */
};

/* Returns of how many families any process has a handle left to which packets are moved. */
int worker_families(const struct work *w);

/* Queues packets again that another worker had received but not moved. */
void worker_take_over(const struct work *w);

/* Moves packets. Returns if the socket cannot be used. */
void worker_run(const struct work *w);

#endif
