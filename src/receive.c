/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a read waits, and goes on where what came was not for the program. Knows nothing of
 * what is in a message. */
#include <errno.h>
#include <sys/socket.h>

#include "batched.h"
#include "claims.h"
#include "ends.h"
#include "export.h"
#include "ip_queue.h"
#include "take.h"

/* A larger buffer than any message can fill is not looked at. */
#define MESSAGE_MAX (1 << 20)

/* So many packets of the other family may wake a program for nothing. */
#define FOREIGN_MAX 8

/* What came was not for the program. */
static APART void pass_over(struct ip_queue *q, int fd)
{
	struct peer *p = q->peer;

	if (p->foreign < FOREIGN_MAX || p->is_private || !p->owner)
		return;
	peers_lock();
	if (p->foreign >= FOREIGN_MAX && !p->is_private && !claims_give_up(p, fd))
		p->foreign = 0;		/* later, perhaps */
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

/* A read is to end for which no mark is in the socket: once there is nothing else. */
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

/* What a look shows is told when it is taken; a look that finds nothing is followed by
 * another, or is told by who gives up. */
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
