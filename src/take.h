/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one message of the kernel is received and translated into the program's buffer. */
#ifndef IPQ_TAKE_H
#define IPQ_TAKE_H

#include "ip_queue.h"
#include "nfqueue.h"

/* Takes the next message and puts it, or as much as len bytes hold, into buf, and
 * nothing behind it. flags as for recv: MSG_DONTWAIT, MSG_PEEK. Returns its length, 0
 * for one that was not for the program, or -1 and errno: EFAULT if buf is not there, as
 * recv. */
ssize_t take_message(struct ip_queue *q, int fd, void *buf, size_t len, int flags);

/* The two halves of take_message, for a message that has already been received. take_accept
 * returns whether the message is for the program, and deals with it if not; take_give
 * writes it to buf. */
bool take_accept(struct ip_queue *q, int fd, struct message *m);
ssize_t take_give(struct ip_queue *q, int fd, const struct message *m,
		  const struct nfqueue_datagram *d, void *buf, size_t len, int flags);

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

/* Deals with a packet that is not for the program: counts it and drops it, or ignores it
 * if it arrived by a number that was given up, since it will arrive by another. */
void take_refuse(struct ip_queue *q, int fd, const struct message *m);

/* Marks the messages that are in the socket of p now: they arrived before its numbers were
 * given up. */
void take_mark_stale(struct peer *p, int fd);

/* Call before a verdict with more payload than TAKE_ECHO_MAX is sent: if the kernel refuses
 * it, the payload stands farther from the beginning of the answer than in a packet. */
#define TAKE_ECHO_MAX (NFQUEUE_HEAD_MAX - 128)
void take_expect_echo(struct peer *p);

#endif
