/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handles messages that are not for the program, and packets whose queue number has been
 * given up. Knows nothing of the program's buffer. */
#include <errno.h>
#include <sys/socket.h>
#include <linux/netfilter.h>

#include "debug.h"
#include "export.h"
#include "nfqueue.h"
#include "take.h"

/* Sends a verdict that the program has not given. It carries no request of the program,
 * so that a refusal is not passed to the program. */
static void decide(int fd, const struct message *m, uint32_t value)
{
	static const struct request unasked;
	struct verdict v = { .id = m->id, .value = value };
	struct kernel_request out;
	int saved = errno;

	kernel_request_init(&out);
	translate_verdict(&out, &unasked, REFUSAL_IS_EPERM, m->queue, &v);
	nfqueue_send(fd, &out);
	errno = saved;
}

/* After execve(2) nothing is known about the socket. */
APART bool take_recall(struct peer *p, const struct message *m)
{
	if (p->owner || m->queue < PEERS_PRIVATE_FIRST)
		return false;
	peers_set_private(p, m->queue);
	p->owner = OWNER_CLAIMED;
	return true;
}

static bool came_by_its_number(const struct peer *p, const struct message *m)
{
	return p->is_private ? m->queue == p->number :
			       m->queue >= p->first && m->queue <= p->last;
}

/* Drops a packet of the other family, as the module of that family did if no program was
 * connected to it. */
APART void take_refuse(struct ip_queue *q, int fd, const struct message *m)
{
	struct peer *p = q->peer;

	if (!came_by_its_number(p, m))
		return;
	atomic_fetch_add_explicit(&p->foreign, 1, memory_order_relaxed);
	decide(fd, m, NF_DROP);
	if (!atomic_exchange(&p->noticed, true))
		debug_foreign(m->queue, m->family);
}

/* Looks at each message before it is received (MSG_PEEK), since a message for the program
 * must stay in the socket. If another thread receives the message in between, this one
 * receives the next, and queues it again if it is a packet for the program. */
APART void take_purge(struct peer *p, int fd)
{
	struct nfqueue_datagram d = { .rest_len = 0 };
	int saved = errno, flags = MSG_PEEK;
	struct message m;

	while (p->has_stale && !nfqueue_receive(fd, flags | MSG_DONTWAIT, &d)) {
		bool is_mark, is_foreign, is_good;

		translate_message(nfqueue_head(&d), nfqueue_have(&d), d.len, &m);
		is_mark = m.kind == MESSAGE_MARK && m.id == TAKE_MARK_STALE;
		is_foreign = m.kind == MESSAGE_PACKET && m.queue == p->number &&
			     m.family != p->family;
		is_good = m.kind == MESSAGE_ERROR || (m.kind == MESSAGE_MARK && !is_mark) ||
			  (m.kind == MESSAGE_PACKET && take_is_for(p, &m) &&
			   m.id > p->old_count);
		if (flags && is_good)
			break;
		if (!flags && is_mark)
			p->has_stale = false;
		if (!flags && (is_foreign || (is_good && m.kind == MESSAGE_PACKET)))
			decide(fd, &m, is_foreign ? NF_DROP :
						    NF_QUEUE_NR((uint32_t)m.queue));
		flags ^= MSG_PEEK;
	}
	errno = saved;
}

void take_mark_stale(struct peer *p, int fd)
{
	struct kernel_request mark;

	kernel_request_init(&mark);
	translate_mark(&mark, TAKE_MARK_STALE);
	nfqueue_send(fd, &mark);
	take_purge(p, fd);
}

APART bool take_number(const struct peer *p, struct message *m)
{
	if (p->ids == IDS_WITH_QUEUE)
		m->packet.msg.packet_id |= (uint64_t)m->queue << 32;
	else
		m->packet.msg.packet_id ^= PEER_ID_MOVED;
	return p->ids == IDS_WITH_QUEUE || m->id > p->old_count;
}
