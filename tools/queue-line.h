/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses a line of the kernel's list of queues, and the settings in a process's
 * environment, as /proc shows them. Pure: no I/O, nothing allocated. */
#ifndef IPQCTL_QUEUE_LINE_H
#define IPQCTL_QUEUE_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/* A line of /proc/net/netfilter/nfnetlink_queue. */
struct queue {
	uint16_t number;
	uint32_t port_id;	/* of the socket that is bound to the queue */
	uint32_t waiting;	/* packets without a verdict */
	uint8_t mode;		/* IPQ_COPY_NONE, IPQ_COPY_META or IPQ_COPY_PACKET */
	uint32_t range;		/* copy range in bytes */
	uint32_t dropped_full, dropped_slow;	/* packets: queue full, reader too slow */
	uint32_t last_id;
};

bool queue_line(struct text line, struct queue *queue);

/* Returns LIBIPQ_MAXLEN in the environment, which has the form of /proc/PID/environ; the
 * default if it is not set or not a number. */
uint32_t environ_maxlen(struct text environ);

/* Whether the environment has LIBIPQ_QUEUE or LIBIPQ_QUEUE6. */
bool environ_has_queue(struct text environ);

#endif
