/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of queues, a line at a time, and of a process's environment. Pure:
 * no I/O, nothing allocated. */
#ifndef IPQCTL_QUEUE_LINE_H
#define IPQCTL_QUEUE_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/* A line of /proc/net/netfilter/nfnetlink_queue. */
struct queue {
	uint16_t number;
	uint32_t port_id;	/* of the socket that has bound it */
	uint32_t waiting;	/* packets */
	uint8_t mode;		/* as IPQ_COPY_* */
	uint32_t range;		/* bytes */
	uint32_t dropped_full, dropped_slow;	/* packets */
	uint32_t last_id;
};

bool queue_line(struct text line, struct queue *queue);

/* LIBIPQ_MAXLEN as /proc/PID/environ has it; the default if it is not there or
 * no number. */
uint32_t environ_maxlen(struct text environ);

/* Whether /proc/PID/environ has LIBIPQ_QUEUE or LIBIPQ_QUEUE6. */
bool environ_has_queue(struct text environ);

#endif
