/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a handle is, behind what the program sees of it. */
#ifndef IPQ_HANDLE_H
#define IPQ_HANDLE_H

#include <libipq.h>

#include "ip_queue.h"

/* The program sees the first member. */
struct handle {
	struct ipq_handle public;
	struct ip_queue queue;
};

static inline struct ip_queue *queue_of(const struct ipq_handle *h)
{
	return &((struct handle *)h)->queue;
}

#endif
