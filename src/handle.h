/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is behind the struct that a program has of a handle. In the old library the struct
 * was all there was: programs copy it, and fill one themselves. */
#ifndef IPQ_HANDLE_H
#define IPQ_HANDLE_H

#include <libipq.h>

#include "ip_queue.h"

/* By descriptor: the struct that was last met with it, and what is behind. */
#define HANDLE_PLACES 1024
extern struct handle_place {
	_Atomic(const struct ipq_handle *) at;
	_Atomic(struct ip_queue *) queue;
} handle_places[HANDLE_PLACES];

/* h is a new handle, with a copy of q behind it. False and errno if there is no room. */
bool handle_enter(const struct ipq_handle *h, const struct ip_queue *q);

/* It is to be closed: from then on another may have its port id. q is found no more, and
 * the caller's to free. */
void handle_forget(struct ip_queue *q);

/* queue_of for a struct that is not where it was last met: asks what its descriptor is. */
struct ip_queue *handle_find(const struct ipq_handle *h);

/* What is behind h. NULL and errno if its descriptor is no socket of a queue; NULL if what
 * is behind it is elsewhere. */
static inline struct ip_queue *queue_of(const struct ipq_handle *h)
{
	unsigned int fd = h->fd;

	if (fd < HANDLE_PLACES &&
	    atomic_load_explicit(&handle_places[fd].at, memory_order_relaxed) == h)
		return atomic_load_explicit(&handle_places[fd].queue, memory_order_relaxed);
	return handle_find(h);
}

#endif
