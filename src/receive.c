/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a read waits, and goes on where what came was not for the program. Knows nothing of
 * what is in a message. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>

#include "batched.h"
#include "ends.h"
#include "export.h"
#include "ip_queue.h"
#include "receive.h"
#include "take.h"

/* A larger buffer than any message can fill is not looked at. */
#define MESSAGE_MAX (1 << 20)

/* How many messages not for the program one read may pass over. */
#define LOOKS_MAX 64

/* And how many a handle to be closed may move: more than wait in any queue. */
#define MOVES_MAX (1 << 20)

static EVERY_PACKET ssize_t receive(struct ip_queue *q, int fd, void *buf, size_t len,
				    int flags, bool *passed)
{
	return q->batch ? batched_receive(q, fd, buf, len, flags, passed) :
			  take_message(q, fd, buf, len, flags, passed);
}

/* What is moved on keeps its order: who receives it moves it before another
 * receives the next. */
static ssize_t receive_in_turn(struct ip_queue *q, int fd, void *buf, size_t len,
			       int flags, bool *passed)
{
	ssize_t n;

	peers_take_turn(&q->peer->turn);
	n = receive(q, fd, buf, len, flags | MSG_DONTWAIT, passed);
	q->peer->turn = false;
	return n;
}

/* netlink(7): a message to be ignored. */
static ssize_t give_noop(struct ip_queue *q, void *buf, size_t len, int flags)
{
	struct nlmsghdr noop = { .nlmsg_len = sizeof(noop), .nlmsg_type = NLMSG_NOOP };

	q->noop_peeked = flags & MSG_PEEK;
	memcpy(buf, &noop, len < sizeof(noop) ? len : sizeof(noop));
	return sizeof(noop);
}

/* Waits in recv, which a signal interrupts or not as it did, and takes nothing.
 * Returns -1 and errno if there is no more to wait for. */
static int wait_for_message(int fd)
{
	char c;

	return recv(fd, &c, sizeof(c), MSG_PEEK) < 0 ? -1 : 0;
}

static bool is_nonblocking(int fd)
{
	int saved = errno;
	int flags = fcntl(fd, F_GETFL);

	errno = saved;
	return flags & O_NONBLOCK;
}

/*
 * Where packets of others come too: looks before it waits. A read that finds nothing
 * but these may come from select(2), which they woke: NLMSG_NOOP. One that has begun to
 * wait goes on waiting: most programs that never select know no message but IPQM_PACKET
 * and NLMSG_ERROR. passed: such packets were found already; waited: it has waited.
 */
static APART ssize_t receive_beside(struct ip_queue *q, int fd, void *buf, size_t len,
				    int flags, bool passed, bool waited)
{
	unsigned int looks = 0;
	int saved = errno;
	ssize_t n;

	if (atomic_load_explicit(&q->noop_peeked, memory_order_relaxed))
		return give_noop(q, buf, len, flags);
	for (;;) {
		n = receive_in_turn(q, fd, buf, len, flags, &passed);
		if (n > 0 || (n < 0 && errno != EAGAIN))
			return n;
		if (n < 0 && ends_due(q->peer)) {
			errno = ECANCELED;
			return -1;
		}
		if (n == 0 && (waited || ++looks % LOOKS_MAX))
			continue;
		if (flags & MSG_DONTWAIT || (passed && is_nonblocking(fd))) {
			/* an edge is lost for who is told too early */
			if (n == 0 && looks < LOOKS_MAX * LOOKS_MAX)
				continue;
			errno = EAGAIN;
			return -1;
		}
		errno = saved;
		if (passed && !waited)
			return give_noop(q, buf, len, flags);
		waited = true;
		atomic_store_explicit(&q->waits, true, memory_order_relaxed);
		if (wait_for_message(fd))
			return -1;
	}
}

/* Until a read has waited: all those of a program that selects. */
static APART ssize_t receive_first(struct ip_queue *q, int fd, void *buf, size_t len,
				   int flags)
{
	bool passed = false;
	int saved = errno;
	ssize_t n = receive(q, fd, buf, len, flags | MSG_DONTWAIT, &passed);

	if (n > 0 || (n < 0 && (flags & MSG_DONTWAIT || errno != EAGAIN)))
		return n;
	errno = saved;
	return receive_beside(q, fd, buf, len, flags, passed, false);
}

/* Without a look before it, which would cost a program that waits in its reads a
 * system call for each packet: this one too is taken to have waited. */
static APART ssize_t receive_waiting(struct ip_queue *q, int fd, void *buf, size_t len,
				     int flags)
{
	bool passed = false;
	ssize_t n = receive(q, fd, buf, len, flags, &passed);

	if (n)
		return n;
	return receive_beside(q, fd, buf, len, flags, passed, !(flags & MSG_DONTWAIT));
}

ssize_t receive_next(struct ip_queue *q, int fd, void *buf, size_t len, int flags)
{
	return receive_beside(q, fd, buf, len, flags, true, q->waits);
}

bool ip_queue_holds_message(const struct ip_queue *q)
{
	return q->batch && batch_held(q->batch);
}

static EVERY_PACKET ssize_t receive_any(struct ip_queue *q, int fd, void *buf, size_t len,
					int flags)
{
	if (atomic_load_explicit(&q->peer->shares, memory_order_relaxed))
		return receive_beside(q, fd, buf, len, flags, false, false);
	if (atomic_load_explicit(&q->waits, memory_order_relaxed))
		return receive_waiting(q, fd, buf, len, flags);
	return receive_first(q, fd, buf, len, flags);
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
	n = receive_any(q, fd, buf, len, flags);
	if (q->trace)
		trace(q, buf, len, flags, n);
	return n;
}

/* No number of a batch's. */
#define MARK_OF_MOVES 0

static bool is_mark_of_moves(const struct message *m)
{
	return m->kind == MESSAGE_MARK && m->id == MARK_OF_MOVES;
}

void receive_move_waiting(struct peer *p, int fd)
{
	struct kernel_request mark;
	struct nfqueue_datagram d = { .rest_len = 0 };
	struct message m = { .kind = MESSAGE_NONE };

	kernel_request_init(&mark);
	translate_mark(&mark, MARK_OF_MOVES);
	nfqueue_send(fd, &mark);
	for (unsigned int i = 0; !is_mark_of_moves(&m) && i < MOVES_MAX; i++) {
		if (nfqueue_receive(fd, MSG_DONTWAIT, &d))
			return;
		translate_message(nfqueue_head(&d), nfqueue_have(&d), d.len, &m);
		if (m.kind != MESSAGE_PACKET)
			continue;
		if (take_is_for(p, &m))
			take_decide(fd, &m, NF_QUEUE_NR((uint32_t)m.queue));
		else
			take_move(p, fd, &m);
	}
	/* and what has come since, as far as it is the other family's */
	for (unsigned int i = 0; i < MOVES_MAX; i++) {
		if (nfqueue_receive(fd, MSG_DONTWAIT | MSG_PEEK, &d))
			return;
		translate_message(nfqueue_head(&d), nfqueue_have(&d), d.len, &m);
		if (m.kind != MESSAGE_PACKET || take_is_for(p, &m))
			return;
		nfqueue_discard(fd);
		take_move(p, fd, &m);
	}
}
