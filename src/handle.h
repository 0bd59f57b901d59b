/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The private state that belongs to a program's struct ipq_handle. In the old library the
 * struct held everything, so programs copy it, or fill one in themselves. */
#ifndef IPQ_HANDLE_H
#define IPQ_HANDLE_H

#include <libipq.h>

#include "ip_queue.h"

/* For each descriptor, the struct that was last used with it, and its private state. */
#define HANDLE_PLACES 1024
extern struct handle_place {
	_Atomic(const struct ipq_handle *) at;
	_Atomic(struct ip_queue *) queue;
} handle_places[HANDLE_PLACES];

/* Makes a copy of q the private state of h, a new handle. Returns false and errno if
 * there is no memory for it. */
bool handle_enter(const struct ipq_handle *h, const struct ip_queue *q);

/* Call before the socket of q is closed: a new handle may get its port ID right after. q
 * is not found any more, and the caller frees it. */
void handle_forget(struct ip_queue *q);

/* queue_of for a struct other than the one that was last used with its descriptor: asks
 * the kernel which socket the descriptor is. */
struct ip_queue *handle_find(const struct ipq_handle *h);

/* The private state of h if h is the struct that was last used with its descriptor, else
 * NULL. */
static inline struct ip_queue *queue_noted(const struct ipq_handle *h)
{
	unsigned int fd = h->fd;

	if (fd < HANDLE_PLACES &&
	    atomic_load_explicit(&handle_places[fd].at, memory_order_relaxed) == h)
		return atomic_load_explicit(&handle_places[fd].queue, memory_order_relaxed);
	return NULL;
}

/* The private state of h. Returns NULL and errno if its descriptor is no socket of a
 * queue; NULL if the preload library has it (elsewhere.h). */
static inline struct ip_queue *queue_of(const struct ipq_handle *h)
{
	struct ip_queue *q = queue_noted(h);

	return q ? q : handle_find(h);
}

#endif
