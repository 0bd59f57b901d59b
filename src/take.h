/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which messages are for the program, and handles the others. */
#ifndef IPQ_TAKE_H
#define IPQ_TAKE_H

#include "ip_queue.h"
#include "nfqueue.h"

/* Whether the packet arrived by a private number that p had before this program was
 * executed (execve(2)). If so, that is the number of p from now on. */
bool take_recall(struct peer *p, const struct message *m);

/* Whether the packet is of p's family and arrived by p's queue number. */
static inline bool take_is_for(struct peer *p, const struct message *m)
{
	return m->family == atomic_load_explicit(&p->family, memory_order_relaxed) &&
	       (m->queue == atomic_load_explicit(&p->number, memory_order_relaxed) ||
		atomic_load_explicit(&p->ids, memory_order_relaxed) == IDS_WITH_QUEUE ||
		take_recall(p, m));
}

/* Handles a packet that is not for the program: counts and drops it, or ignores it if it
 * arrived by a queue number that was given up, since it will arrive by another one. */
void take_refuse(struct ip_queue *q, int fd, const struct message *m);

/* Makes the packet id that the program sees. Returns false for a packet that the program
 * has read before, which arrives again by another number. */
bool take_number(const struct peer *p, struct message *m);

/* Marks the messages that are in the socket of p now: they arrived before its numbers
 * were given up. Batches do not use this number for their marks. */
#define TAKE_MARK_STALE 0
void take_mark_stale(struct peer *p, int fd);

/* Removes these messages. Otherwise select(2) would report them, and a read would find
 * nothing for the program. */
void take_purge(struct peer *p, int fd);

#endif
