/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one message of the kernel's is taken from the socket and becomes the program's:
 * what it is, whether it is for the program, where its bytes go. Knows nothing of
 * waiting, nor of messages that are held. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>

#include "batched.h"
#include "debug.h"
#include "ends.h"
#include "export.h"
#include "memory.h"
#include "nfqueue.h"
#include "take.h"

#define HEAD_LEN sizeof(((struct message *)0)->packet)

/*
 * Where the payload begins in the kernel's message, in the lower half of a place, and in
 * how many packets in a row it has, in the upper. From TRUSTED on a payload is received
 * where it is to stand, going by that. Before, it is received farther ahead, and moved:
 * going by a wrong guess bytes would come behind the message, where the program may have
 * something else.
 */
#define IN_A_ROW (1u << 16)
#define TRUSTED (64 * IN_A_ROW)

void take_expect_echo(struct peer *p)
{
	atomic_store_explicit(&p->payload_place, 0, memory_order_relaxed);
}

static EVERY_PACKET void note_place(struct peer *p, uint16_t offset)
{
	uint32_t place = atomic_load_explicit(&p->payload_place, memory_order_relaxed);

	if (!offset || (place >= TRUSTED && (uint16_t)place == offset))
		return;
	place = (uint16_t)place == offset ? place + IN_A_ROW : offset;
	atomic_store_explicit(&p->payload_place, place, memory_order_relaxed);
}

/* What follows the head of the message is payload, if anything. */
static EVERY_PACKET void place_rest(const struct peer *p, unsigned char *buf, size_t len,
				    struct nfqueue_datagram *d)
{
	uint32_t place = atomic_load_explicit(&p->payload_place, memory_order_relaxed);
	size_t before = HEAD_LEN;

	if (place >= TRUSTED)
		before += NFQUEUE_HEAD_MAX - (uint16_t)place;
	/* the program's address may be any number */
	d->rest = buf ? (unsigned char *)((uintptr_t)buf + before) : NULL;
	d->rest_len = buf && len > before ? len - before : 0;
}

static EVERY_PACKET void name_links(struct ip_queue *q, int fd, struct message *m)
{
	ipq_packet_msg_t *msg = &m->packet.msg;

	if (m->indev)
		links_find(&q->links, fd, m->indev, msg->indev_name,
			   m->has_hw_addr ? &msg->hw_type : NULL);
	if (m->outdev)
		links_find(&q->links, fd, m->outdev, msg->outdev_name, NULL);
}

/* A verdict that is not the program's: it has no old request, so a refusal is nobody's. */
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

/* exec(2) leaves nothing but the socket. */
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

/* A packet of the other family is dropped, as it was when no program listened to the module
 * of that family. */
APART void take_refuse(struct ip_queue *q, int fd, const struct message *m)
{
	struct peer *p = q->peer;

	if (!came_by_its_number(p, m))
		return;
	atomic_fetch_add_explicit(&p->foreign, 1, memory_order_relaxed);
	decide(fd, m, NF_DROP);
	if (q->settings.debug && !atomic_exchange(&p->noticed, true))
		debug_foreign(m->queue, m->family);
}

/* Batches do not use this number for their marks. */
#define MARK_OF_STALE 0

/* Removes the messages that arrived before the numbers of p were given up: select(2) would
 * report them, and a read would find nothing for the program. Each is looked at before it
 * is received, since a message for the program must stay in the socket. Another thread may
 * receive that message in between; what is then received in its place is queued again. */
static APART void purge(struct peer *p, int fd)
{
	struct nfqueue_datagram d = { .rest_len = 0 };
	int saved = errno, flags = MSG_PEEK;
	struct message m;

	while (p->has_stale && !nfqueue_receive(fd, flags | MSG_DONTWAIT, &d)) {
		bool is_mark, is_foreign, is_good;

		translate_message(nfqueue_head(&d), nfqueue_have(&d), d.len, &m);
		is_mark = m.kind == MESSAGE_MARK && m.id == MARK_OF_STALE;
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
	translate_mark(&mark, MARK_OF_STALE);
	nfqueue_send(fd, &mark);
	purge(p, fd);
}

/* Makes the packet id that the program sees. Returns false for a packet that the program
 * has read before, which arrives again by another number. */
static APART bool number_packet(const struct peer *p, struct message *m)
{
	if (p->ids == IDS_WITH_QUEUE)
		m->packet.msg.packet_id |= (uint64_t)m->queue << 32;
	else
		m->packet.msg.packet_id ^= PEER_ID_MOVED;
	return p->ids == IDS_WITH_QUEUE || m->id > p->old_count;
}

EVERY_PACKET bool take_accept(struct ip_queue *q, int fd, struct message *m)
{
	switch (m->kind) {
	case MESSAGE_PACKET:
		if (!take_is_for(q->peer, m)) {
			take_refuse(q, fd, m);
			return false;
		}
		if (atomic_load_explicit(&q->peer->ids, memory_order_relaxed) &&
		    !number_packet(q->peer, m))
			return false;
		name_links(q, fd, m);
		note_place(q->peer, m->payload_offset);
		return true;
	case MESSAGE_ERROR:
		if (m->claim_lost) {
			/* the request behind it has an answer of its own */
			q->peer->owner = OWNER_NOT;
			return false;
		}
		translate_address(m, q->peer->shown);
		if (m->error == EPERM && q->peer->owner && q->settings.debug)
			debug_forbidden(q->peer->number);
		return true;
	case MESSAGE_MARK:
		if (m->id == MARK_OF_STALE)
			q->peer->has_stale = false;
		break;
	case MESSAGE_NONE:
		break;
	}
	return false;
}

/* Whether the program's buffer can be written to where the kernel has not written yet. */
static EVERY_PACKET bool can_write(const struct message *m, const struct nfqueue_datagram *d,
				   unsigned char *buf, size_t end)
{
	size_t first = HEAD_LEN + NFQUEUE_HEAD_MAX;

	if (end <= first)
		return memory_is_there(buf, end);
	return memory_is_there(buf, first) &&
	       (nfqueue_in_place(d, m->payload_offset, buf + m->head_len) ||
		memory_is_there(buf + first, end - first));
}

/* Payload first: what stands before it in buf may still be part of it. */
static EVERY_PACKET void write_message(const struct message *m,
				       const struct nfqueue_datagram *d,
				       unsigned char *buf, size_t len)
{
	size_t end = m->len < len ? m->len : len;
	size_t head_len = m->head_len < len ? m->head_len : len;
	size_t filled = head_len + m->payload_len;

	if (filled > len)
		filled = len;
	if (m->payload_offset + m->payload_len <= nfqueue_have(d))
		memcpy(buf + head_len, d->head + m->payload_offset, filled - head_len);
	else if (filled > head_len)
		filled = head_len + nfqueue_copy(d, m->payload_offset,
						 filled - head_len, buf + head_len);
	if (head_len == HEAD_LEN)	/* a length that the compiler knows */
		memcpy(buf, m->head, HEAD_LEN);
	else
		memcpy(buf, m->head, head_len);
	if (filled < end)
		memset(buf + filled, 0, end - filled);
}

EVERY_PACKET ssize_t take_give(struct ip_queue *q, int fd, const struct message *m,
			       const struct nfqueue_datagram *d, void *buf, size_t len,
			       int flags)
{
	if (m->kind == MESSAGE_PACKET && !(flags & MSG_PEEK)) {
		atomic_fetch_add_explicit(&q->peer->delivered, 1, memory_order_relaxed);
		atomic_store_explicit(&q->peer->last_given, m->id, memory_order_relaxed);
	}
	if (atomic_load_explicit(&q->peer->has_stale, memory_order_relaxed))
		purge(q->peer, fd);
	if (!can_write(m, d, buf, m->len < len ? m->len : len)) {
		errno = EFAULT;
		return -1;
	}
	write_message(m, d, buf, len);
	return m->len;
}

ssize_t take_message(struct ip_queue *q, int fd, void *buf, size_t len, int flags)
{
	struct nfqueue_datagram d;
	struct message m;

	place_rest(q->peer, buf, len, &d);
	if (nfqueue_receive(fd, flags, &d))
		return -1;
	translate_message(nfqueue_head(&d), nfqueue_have(&d), d.len, &m);
	if (q->batch ? batched_accept(q, fd, &m, flags) : take_accept(q, fd, &m))
		return take_give(q, fd, &m, &d, buf, len, flags);
	if (flags & MSG_PEEK)
		nfqueue_discard(fd);
	if (m.kind == MESSAGE_MARK && m.id == ENDS_MARK && ends_marked(q->peer)) {
		errno = ECANCELED;
		return -1;
	}
	if (m.kind == MESSAGE_NONE && q->settings.debug &&
	    translate_refuses_old_request(nfqueue_head(&d), nfqueue_have(&d)))
		debug_own_request(q->peer->number);
	return 0;
}
