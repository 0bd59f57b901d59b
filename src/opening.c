/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a socket of ip_queue is opened or adopted, gets its settings, and is closed. Knows
 * nothing of requests and messages. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "debug.h"
#include "door.h"
#include "ip_queue.h"
#include "nfqueue.h"
#include "port_id.h"
#include "queues.h"
#include "sharing.h"

static int enter(struct ip_queue *q, int fd, uint32_t port_id)
{
	q->peer = peers_enter(port_id, nfqueue_network(fd));
	return q->peer ? 0 : -1;
}

static void apply_settings(struct ip_queue *q)
{
	const struct settings *s = &q->settings;

	peers_set_numbers(q->peer, s->queue, s->queue_last);
	q->peer->maxlen = s->maxlen;
	q->peer->noticed = !s->debug;
	q->peer->flags = (s->fail_open ? NFQA_CFG_F_FAIL_OPEN : 0) |
			 (s->gso ? NFQA_CFG_F_GSO : 0);
}

/* is_known: the program has not read a packet yet. With several queue numbers, the
 * kernel's id alone does not identify a packet. */
static int make_batch(struct ip_queue *q, bool is_new, bool is_known)
{
	const struct settings *s = &q->settings;

	q->batch = NULL;
	if (s->batch <= 1)
		return 0;
	q->batch = batch_of(q->peer, s->batch, is_new, is_known && s->queue == s->queue_last);
	return q->batch ? 0 : -1;
}

static void settle(struct ip_queue *q, uint8_t family, int fd, pid_t process)
{
	peers_reset(q->peer, family, fd, process);
	apply_settings(q);
}

int ip_queue_set(struct ip_queue *q, const struct settings *s)
{
	bool moves = s->queue != q->settings.queue ||
		     s->queue_last != q->settings.queue_last;
	struct settings before = q->settings;

	if (q->peer->owner)
		return EBUSY;
	if (moves && peers_has_other(q->peer->family, q->peer->network, s->queue,
				     s->queue_last, q->peer->port_id))
		return EADDRINUSE;
	q->settings = *s;
	if (make_batch(q, true, true)) {
		q->settings = before;
		return errno;
	}
	apply_settings(q);
	return 0;
}

/* Opens a socket with the first port ID of ours that no other socket has. */
static int open_socket(uint8_t family, int type, uint32_t *port_id)
{
	int fd = -1;

	for (unsigned int n = 0; fd < 0 && n < PORT_IDS_MAX; n++) {
		*port_id = port_id_of(family, getpid(), n);
		fd = nfqueue_open(type, *port_id);
		if (fd < 0 && errno != EADDRINUSE)
			break;
	}
	return fd;
}

/* Whether this process has a socket that is not known here: opened before execve(2), or
 * closed and then received from another process. Its port ID usually tells. */
static bool has_unknown(uint8_t family, uint64_t network, uint32_t port_id)
{
	uint32_t first = port_id_of(family, getpid(), 0);

	return port_id != first && !peers_find(first, network) &&
	       nfqueue_find(first, network) >= 0;
}

/* Whether the process has another socket like this. With ip_queue a second one failed, as
 * the port ID of both was the process id. */
static bool is_second(uint8_t family, const struct settings *s, int fd, uint32_t port_id)
{
	uint64_t network = nfqueue_network(fd);

	return has_unknown(family, network, port_id) ||
	       peers_has_other(family, network, s->queue, s->queue_last, port_id);
}

static int open_and_enter(struct ip_queue *q, uint8_t family, int type, bool again)
{
	enum queue_state state = queues_probe(q->settings.queue);
	bool may_be_left = state == QUEUE_TAKEN && !peers_have_owner();
	int fd, error, saved = errno;
	uint32_t port_id;

	/* It may be a mover's from before execve(2), which must see that a handle is closed
	 * before this one gets the same port ID. */
	if (may_be_left)
		door_knock(q->settings.queue);
	fd = open_socket(family, type, &port_id);
	if (fd < 0)
		return -1;
	if (!again && is_second(family, &q->settings, fd, port_id)) {
		errno = EADDRINUSE;
	} else if (state == QUEUE_ABSENT) {
		if (q->settings.debug)
			debug_absent();
		errno = EPROTONOSUPPORT;
	} else if (!enter(q, fd, port_id) && !make_batch(q, true, true)) {
		settle(q, family, fd, getpid());
		if (may_be_left)
			sharing_recover(q->peer);
		errno = saved;
		return fd;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Reads the settings, and opens the trace. */
static int begin(struct ip_queue *q, uint8_t family)
{
	memset(q, 0, sizeof(*q));
	if (!settings_read(family, &q->settings)) {
		errno = EINVAL;
		return -1;
	}
	if (!q->settings.trace)
		return 0;
	q->trace = trace_open(q->settings.trace);
	if (q->trace)
		return 0;
	debug_untraced(errno);
	errno = EINVAL;
	return -1;
}

void ip_queue_end_trace(struct ip_queue *q)
{
	int saved = errno;

	/* two threads may do this at the same time */
	trace_close(__atomic_exchange_n(&q->trace, NULL, __ATOMIC_RELAXED));
	errno = saved;
}

int ip_queue_open(struct ip_queue *q, uint8_t family, int type, bool again)
{
	int fd = -1;

	if (begin(q, family))
		return -1;
	/* under the lock, as others check whether a port ID is still in use */
	if (peers_lock()) {
		fd = open_and_enter(q, family, type, again);
		peers_unlock();
	}
	if (fd < 0)
		ip_queue_end_trace(q);
	return fd;
}

int ip_queue_adopt(struct ip_queue *q, int fd, uint32_t port_id)
{
	uint8_t family;
	pid_t process;

	if (!port_id_read(port_id, &family, &process)) {
		errno = EINVAL;
		return -1;
	}
	if (begin(q, family))
		return -1;
	if (enter(q, fd, port_id) || make_batch(q, !q->peer->family, false)) {
		ip_queue_end_trace(q);
		return -1;
	}
	if (!q->peer->family) {
		settle(q, family, fd, process);
		q->peer->shown = process;
	}
	return 0;
}

int ip_queue_close(struct ip_queue *q, int fd)
{
	struct peer *p = q->peer;
	int result, saved;

	ip_queue_flush(q, fd);
	peers_close(p);
	if (!p->owner || !p->is_private)
		return close(fd);
	peers_lock();
	result = close(fd);
	saved = errno;
	sharing_end(p);
	peers_unlock();
	errno = saved;
	return result;
}
