/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one message of the kernel's is taken from the socket and becomes the program's. */
#ifndef IPQ_TAKE_H
#define IPQ_TAKE_H

#include "ip_queue.h"
#include "nfqueue.h"

/* Takes the next message and puts it, or as much as len bytes hold, into buf, and
 * nothing behind it. flags as for recv: MSG_DONTWAIT, MSG_PEEK. Returns its length, 0
 * for one that was not for the program, or -1 and errno: EFAULT if buf is not there, as
 * recv. */
ssize_t take_message(struct ip_queue *q, int fd, void *buf, size_t len, int flags);

/* The two halves of it, for a message that was received already: whether it is one for
 * the program, or seen to; and it is the program's now, or is looked at. */
bool take_accept(struct ip_queue *q, int fd, struct message *m);
ssize_t take_give(struct ip_queue *q, int fd, const struct message *m,
		  const struct nfqueue_datagram *d, void *buf, size_t len, int flags);

/* Whether the packet came by a private number that p had before the program was
 * executed. Then that is its number. */
bool take_recall(struct peer *p, const struct message *m);

/* A packet of the program's by the number that its packets come by. */
static inline bool take_is_for(struct peer *p, const struct message *m)
{
	return m->family == atomic_load_explicit(&p->family, memory_order_relaxed) &&
	       (m->queue == atomic_load_explicit(&p->number, memory_order_relaxed) ||
		atomic_load_explicit(&p->ids, memory_order_relaxed) == IDS_WITH_QUEUE ||
		take_recall(p, m));
}

/* The end of one that is not. */
void take_refuse(struct ip_queue *q, int fd, const struct message *m);

/* All that is in p's socket now is of the time before its numbers were given up. */
void take_mark_stale(struct peer *p, int fd);

/* A verdict is sent with more payload than TAKE_ECHO_MAX: if it is refused the answer
 * has it too, farther behind than a packet has. */
#define TAKE_ECHO_MAX (NFQUEUE_HEAD_MAX - 128)
void take_expect_echo(struct peer *p);

#endif
