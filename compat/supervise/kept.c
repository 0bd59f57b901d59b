/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps messages that were received for a system call which a signal then ended, so that
 * the next call receives them. Knows nothing of the program. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "ends.h"
#include "kept.h"
#include "nfqueue.h"
#include "translate.h"

/* The number of our mark (translate_mark), which is not one of the library's: a batch
 * counts its marks from 1, and TAKE_MARK_STALE is 0. */
#define MARK (ENDS_MARK - 1)

static struct kept {
	void *data;		/* the message, or NULL */
	size_t len;		/* bytes */
	bool is_marked;		/* a mark in the socket makes it readable */
} kept[IPQ_SOCKETS_MAX];

unsigned char kept_room[KEPT_ROOM];

/* The message that the last system call received. socket is NULL if it received none, or
 * only looked at one (MSG_PEEK). */
static struct {
	struct ipq_socket *socket;
	const void *data;
	size_t len;
} taken;

static struct kept *of(const struct ipq_socket *s)
{
	return &kept[s - ipq_sockets];
}

/* Removes the mark from the socket if it is the first message there. The mark was sent
 * when the socket was empty, so it is the first, or follows a message that arrived at the
 * same moment. */
static void take_mark(struct ipq_socket *s, int fd)
{
	struct batch *b = s->queue.batch;
	struct nfqueue_datagram d = { .rest_len = 0 };
	struct message m;
	int saved = errno;

	if (!nfqueue_receive(fd, MSG_DONTWAIT | MSG_PEEK, &d)) {
		translate_message(nfqueue_head(&d), nfqueue_have(&d), d.len, &m);
		if (m.kind == MESSAGE_MARK && m.id == MARK) {
			nfqueue_discard(fd);
			of(s)->is_marked = false;
			if (b && batch_lock(b)) {
				batch_took_one(b);
				batch_leave(b, fd);
			}
		}
	}
	errno = saved;
}

static ssize_t give_kept(struct ipq_socket *s, void *buf, size_t len, int flags)
{
	struct kept *k = of(s);

	memcpy(buf, k->data, k->len < len ? k->len : len);
	if (flags & MSG_PEEK)
		return k->len;
	taken.socket = s;
	taken.data = buf;
	taken.len = k->len;
	free(k->data);
	k->data = NULL;
	return taken.len;
}

ssize_t kept_receive(struct ipq_socket *s, int fd, void *buf, size_t len, size_t room,
		     int flags)
{
	struct kept *k = of(s);
	ssize_t n;

	if (k->data) {
		n = give_kept(s, buf, len, flags);
		if (k->is_marked && !k->data)
			take_mark(s, fd);
		return n;
	}
	n = ip_queue_receive(&s->queue, fd, buf, len, flags | MSG_DONTWAIT);
	if (n > 0 && (size_t)n > room)	/* ip_queue_pass_over never waits */
		n = ip_queue_pass_over(&s->queue, fd, buf, room, flags, n);
	if (k->is_marked)
		take_mark(s, fd);
	if (n > 0 && (size_t)n <= len && !(flags & MSG_PEEK)) {
		taken.socket = s;
		taken.data = buf;
		taken.len = n;
	}
	return n;
}

void kept_begin(void)
{
	taken.socket = NULL;
}

void kept_keep(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct kernel_request mark;
	struct kept *k;

	if (!taken.socket)
		return;
	k = of(taken.socket);
	taken.socket = NULL;
	free(k->data);
	k->data = malloc(taken.len);
	if (!k->data)
		return;
	memcpy(k->data, taken.data, taken.len);
	k->len = taken.len;
	if (k->is_marked || poll(&p, 1, 0) == 1)
		return;
	kernel_request_init(&mark);
	translate_mark(&mark, MARK);
	k->is_marked = nfqueue_send(fd, &mark) == 0;
}

void kept_reset(struct ipq_socket *s)
{
	struct kept *k = of(s);

	free(k->data);
	*k = (struct kept) { .data = NULL };
}
