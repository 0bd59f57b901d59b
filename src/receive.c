/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a read waits, and goes on waiting if what was received is not for the program. Knows
 * nothing of what is in a message. */
#include <errno.h>
#include <sys/socket.h>

#include "batched.h"
#include "claims.h"
#include "ends.h"
#include "export.h"
#include "ip_queue.h"
#include "take.h"

/* No message is longer: more of the program's buffer is not looked at. */
#define MESSAGE_MAX (1 << 20)

/* After so many packets of the other family, which wake the program for nothing, a mover
 * takes the numbers. */
#define FOREIGN_MAX 8

/* Call when what was received is not for the program. */
static APART void pass_over(struct ip_queue *q, int fd)
{
	struct peer *p = q->peer;

	if (p->foreign < FOREIGN_MAX || p->is_private || !p->owner)
		return;
	peers_lock();
	if (p->foreign >= FOREIGN_MAX && !p->is_private && !claims_give_up(p, fd))
		p->foreign = 0;		/* try again later */
	peers_unlock();
}

static EVERY_PACKET ssize_t receive(struct ip_queue *q, int fd, void *buf, size_t len,
				    int flags)
{
	ssize_t n;

	while ((n = q->batch ? batched_receive(q, fd, buf, len, flags) :
			       take_message(q, fd, buf, len, flags)) == 0)
		pass_over(q, fd);
	return n;
}

/* Receives while a read is to end for which there was no room for a mark: it ends when no
 * message is left. */
static APART ssize_t receive_last(struct ip_queue *q, int fd, void *buf, size_t len,
				  int flags)
{
	int saved = errno;
	ssize_t n = receive(q, fd, buf, len, flags | MSG_DONTWAIT);

	if (n > 0 || errno != EAGAIN)
		return n;
	if (ends_due(q->peer)) {
		errno = ECANCELED;
		return -1;
	}
	errno = saved;
	return receive(q, fd, buf, len, flags);
}

bool ip_queue_holds_message(const struct ip_queue *q)
{
	return q->batch && batch_held(q->batch);
}

/* A message that is only looked at is traced when it is received. A read that finds nothing
 * without waiting is followed by another, or its caller traces that it gives up. */
static APART void trace(struct ip_queue *q, const void *buf, size_t len, int flags, ssize_t n)
{
	if (!(flags & MSG_PEEK) && (n >= 0 || errno != EAGAIN || !(flags & MSG_DONTWAIT)))
		trace_read(q->trace, buf, len, n);
}

ssize_t ip_queue_receive(struct ip_queue *q, int fd, void *buf, size_t len,
			 int flags)
{
	ssize_t n;

	if (len > MESSAGE_MAX)
		len = MESSAGE_MAX;
	n = atomic_load_explicit(&q->peer->ends_due, memory_order_relaxed) ?
	    receive_last(q, fd, buf, len, flags) : receive(q, fd, buf, len, flags);
	if (q->trace)
		trace(q, buf, len, flags, n);
	return n;
}
