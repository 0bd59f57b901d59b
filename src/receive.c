/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one message is received and written to the program's buffer, and how a read goes on
 * if what was received is not for the program. Knows nothing of what is in a message. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "batched.h"
#include "debug.h"
#include "ends.h"
#include "export.h"
#include "memory.h"
#include "receive.h"
#include "sharing.h"
#include "take.h"

/* No message is longer. Only this much of the program's buffer is used. */
#define MESSAGE_MAX (1 << 20)

/* After this number of packets of the other family, which wake up the program for
 * nothing, a mover gets the queue numbers. */
#define FOREIGN_MAX 8

#define HEAD_LEN sizeof(((struct message *)0)->packet)

/*
 * A "place" (payload_place) predicts where the payload begins in the kernel's next
 * message, so that the kernel can write the payload to its final position in the
 * program's buffer. The lower half is the greatest offset of a payload so far; the upper
 * half counts the packets that it was learned from. The prediction is used from TRUSTED
 * on. Before, the payload is received nearer to the beginning of the buffer, and then
 * moved: with too small an offset the kernel would write after the end of the message,
 * where the program may have other data.
 */
#define WATCHED (1u << 16)
#define TRUSTED (UINT32_MAX & -WATCHED)
#define FIRST_WATCHED (TRUSTED - 64 * WATCHED)

void receive_expect_echo(struct peer *p)
{
	uint64_t waiting = (uint64_t)p->maxlen * (p->last - p->first + 1);
	uint32_t watched = waiting < UINT16_MAX - 1 ? waiting + 1 : UINT16_MAX - 1;

	/* the answer may come after this number of packets */
	p->payload_place = (TRUSTED - watched * WATCHED) | (uint16_t)p->payload_place;
}

static EVERY_PACKET void note_place(struct peer *p, uint16_t offset)
{
	uint32_t place = atomic_load_explicit(&p->payload_place, memory_order_relaxed);

	if (place >= TRUSTED + offset || !offset)
		return;
	if (!place)
		place = FIRST_WATCHED;
	if ((uint16_t)place < offset)
		place = (place & -WATCHED) | offset;
	if (place < TRUSTED)
		place += WATCHED;
	atomic_store_explicit(&p->payload_place, place, memory_order_relaxed);
}

/* Sets where to receive the part of the message that follows after its head, which is
 * always payload. */
static EVERY_PACKET void place_rest(const struct peer *p, unsigned char *buf, size_t len,
				    struct nfqueue_datagram *d)
{
	uint32_t place = atomic_load_explicit(&p->payload_place, memory_order_relaxed);
	size_t before = HEAD_LEN;

	if (place >= TRUSTED)
		before += NFQUEUE_HEAD_MAX - (uint16_t)place;
	/* not pointer arithmetic, as buf may be an invalid address */
	d->rest = (unsigned char *)((uintptr_t)buf + before);
	d->rest_len = len > before ? len - before : 0;
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

static bool accept_packet(struct ip_queue *q, int fd, struct message *m)
{
	if (!take_is_for(q->peer, m)) {
		take_refuse(q, fd, m);
		return false;
	}
	return !q->peer->ids || take_number(q->peer, m);
}

static bool accept_error(struct ip_queue *q, struct message *m)
{
	if (m->claim_lost) {
		/* the request that was sent with the claim has its own answer */
		q->peer->owner = OWNER_NOT;
		return false;
	}
	translate_address(m, q->peer->shown);
	if (m->error == EPERM && q->peer->owner && q->settings.debug)
		debug_forbidden(q->peer->number);
	return true;
}

bool receive_is_for_program(struct ip_queue *q, int fd, struct message *m)
{
	if (m->kind == MESSAGE_PACKET)
		return accept_packet(q, fd, m);
	if (m->kind == MESSAGE_ERROR)
		return accept_error(q, m);
	if (m->kind == MESSAGE_MARK && m->id == TAKE_MARK_STALE)
		q->peer->has_stale = false;
	return false;
}

static EVERY_PACKET bool is_one_page(const unsigned char *a, const unsigned char *b)
{
	return ((uintptr_t)a ^ (uintptr_t)b) < MEMORY_PAGE;
}

/* Writes a message that fits into buf. The first "have" bytes of the kernel's message are
 * at head. Returns false, and writes nothing, if the kernel has not written the others to
 * their final position in buf, or if buf cannot be written to. */
static EVERY_PACKET bool write_packet(const struct message *m, const unsigned char *head,
				      size_t have, const unsigned char *rest,
				      unsigned char *buf)
{
	size_t copied = m->payload_len, filled = HEAD_LEN + copied;

	if (m->payload_offset + copied > have) {
		copied = have - m->payload_offset;
		if (rest != buf + HEAD_LEN + copied ||
		    (!is_one_page(buf, rest) && !memory_is_there(buf, HEAD_LEN + copied)))
			return false;
		if (filled < m->len && !memory_is_there(buf + filled, m->len - filled))
			return false;
	} else if (!memory_is_there(buf, m->len)) {
		return false;
	}
	memcpy(buf, m->head, HEAD_LEN);	/* a constant, so that memcpy is inlined */
	for (; filled < m->len; filled++)
		buf[filled] = 0;
	if (copied)
		memcpy(buf + HEAD_LEN, head + m->payload_offset, copied);
	return true;
}

/* Writes the payload before the head: the part of buf where the head goes may still
 * contain payload. */
static APART ssize_t write_message(const struct message *m, const struct nfqueue_datagram *d,
				   unsigned char *buf, size_t len)
{
	size_t end = m->len < len ? m->len : len;
	size_t head_len = m->head_len < len ? m->head_len : len;
	size_t filled = head_len + m->payload_len;

	if (!memory_is_there(buf, end)) {
		errno = EFAULT;
		return -1;
	}
	if (filled > len)
		filled = len;
	if (filled > head_len)
		filled = head_len + nfqueue_copy(d, m->payload_offset,
						 filled - head_len, buf + head_len);
	memcpy(buf, m->head, head_len);
	if (filled < end)
		memset(buf + filled, 0, end - filled);
	return m->len;
}

static EVERY_PACKET void note_given(struct peer *p, const struct message *m, int flags)
{
	if (flags & MSG_PEEK)
		return;
	atomic_fetch_add_explicit(&p->delivered, 1, memory_order_relaxed);
	atomic_store_explicit(&p->last_given, m->id, memory_order_relaxed);
}

ssize_t receive_write(struct ip_queue *q, int fd, const struct message *m,
		      const struct nfqueue_datagram *d, void *buf, size_t len, int flags)
{
	if (q->peer->has_stale)
		take_purge(q->peer, fd);
	if (m->kind == MESSAGE_PACKET) {
		note_place(q->peer, m->payload_offset);
		note_given(q->peer, m, flags);
		if (m->len <= len && write_packet(m, d->head, nfqueue_have(d), d->rest, buf))
			return m->len;
	}
	return write_message(m, d, buf, len);
}

static ssize_t end_read_at_mark(struct ip_queue *q, const struct message *m)
{
	if (m->id != ENDS_MARK || !ends_marked(q->peer))
		return 0;
	errno = ECANCELED;
	return -1;
}

/* Handles a message that is not a packet, or that needs more than the usual steps, for
 * example because there is a batch. */
static APART ssize_t write_if_for_program(struct ip_queue *q, int fd, struct message *m,
					  const struct nfqueue_datagram *d, void *buf, size_t len,
					  int flags, uint64_t read_at)
{
	if (q->batch ? batched_accept(q, fd, m, flags, read_at) : receive_is_for_program(q, fd, m)) {
		if (m->kind == MESSAGE_PACKET)
			name_links(q, fd, m);
		return receive_write(q, fd, m, d, buf, len, flags);
	}
	if (flags & MSG_PEEK)
		nfqueue_discard(fd);
	if (m->kind == MESSAGE_NONE && q->settings.debug &&
	    translate_refuses_old_request(nfqueue_head(d), nfqueue_have(d)))
		debug_own_request(q->peer->number);
	return m->kind == MESSAGE_MARK ? end_read_at_mark(q, m) : 0;
}

/* Receives one message. Returns 0 if it was not for the program. */
static EVERY_PACKET ssize_t receive_and_write(struct ip_queue *q, int fd, void *buf, size_t len,
					      int flags, const struct batch *batch,
					      uint64_t read_at)
{
	struct peer *p = q->peer;
	struct nfqueue_datagram d;
	struct message m;
	size_t have;

	place_rest(p, buf, len, &d);
	if (nfqueue_receive(fd, flags, &d))
		return -1;
	have = nfqueue_have(&d);
	translate_message(nfqueue_head(&d), have, d.len, &m);
	if (batch || m.kind != MESSAGE_PACKET || !take_is_for(p, &m) ||
	    atomic_load_explicit(&p->ids, memory_order_relaxed) ||
	    atomic_load_explicit(&p->has_stale, memory_order_relaxed))
		return write_if_for_program(q, fd, &m, &d, buf, len, flags, read_at);
	name_links(q, fd, &m);
	note_place(p, m.payload_offset);
	note_given(p, &m, flags);
	if (m.len <= len && write_packet(&m, d.own, have, d.rest, buf))
		return m.len;
	return write_message(&m, &d, buf, len);
}

ssize_t receive_singly(struct ip_queue *q, int fd, void *buf, size_t len, int flags,
		       uint64_t read_at)
{
	return receive_and_write(q, fd, buf, len, flags, q->batch, read_at);
}

APART void receive_give_up_if_foreign(struct ip_queue *q, int fd)
{
	struct peer *p = q->peer;

	if (p->foreign < FOREIGN_MAX || p->is_private || !p->owner)
		return;
	peers_lock();
	if (p->foreign >= FOREIGN_MAX && !p->is_private && !sharing_give_up(p, fd))
		p->foreign = 0;		/* try again later */
	peers_unlock();
}

static ssize_t receive_until_delivered(struct ip_queue *q, int fd, void *buf, size_t len,
				       int flags)
{
	ssize_t n;

	if (q->batch)
		return batched_receive(q, fd, buf, len, flags);
	while ((n = receive_singly(q, fd, buf, len, flags, 0)) == 0)
		receive_give_up_if_foreign(q, fd);
	return n;
}

/* Receives if a read must end whose mark may be missing from the socket: the read ends
 * when there are no messages left. */
static APART ssize_t receive_before_end(struct ip_queue *q, int fd, void *buf, size_t len,
					int flags)
{
	int saved = errno;
	ssize_t n = receive_until_delivered(q, fd, buf, len, flags | MSG_DONTWAIT);

	if (n > 0 || errno != EAGAIN)
		return n;
	if (ends_due(q->peer)) {
		errno = ECANCELED;
		return -1;
	}
	errno = saved;
	return receive_until_delivered(q, fd, buf, len, flags);
}

bool ip_queue_holds_message(const struct ip_queue *q)
{
	return q->batch && batch_held(q->batch);
}

static APART ssize_t receive_and_trace(struct ip_queue *q, int fd, void *buf, size_t len,
				       int flags)
{
	ssize_t n = q->peer->ends_due ? receive_before_end(q, fd, buf, len, flags) :
					receive_until_delivered(q, fd, buf, len, flags);

	/* With MSG_PEEK nothing is traced, as the message is traced when it is received. If
	 * a read that does not wait finds nothing, the caller reads again, or writes its own
	 * line. */
	if (q->trace && !(flags & MSG_PEEK) &&
	    (n >= 0 || errno != EAGAIN || !(flags & MSG_DONTWAIT)))
		trace_read(q->trace, buf, len, n);
	return n;
}

ssize_t ip_queue_receive_with_settings(struct ip_queue *q, int fd, void *buf, size_t len,
				       int flags)
{
	if (len > MESSAGE_MAX)
		len = MESSAGE_MAX;
	if (q->batch && !q->trace &&
	    !atomic_load_explicit(&q->peer->ends_due, memory_order_relaxed))
		return batched_receive(q, fd, buf, len, flags);
	return receive_and_trace(q, fd, buf, len, flags);
}

/* Usually the next message is a packet for the program. */
ssize_t ip_queue_receive_simply(struct ip_queue *q, int fd, void *buf, size_t len, int flags)
{
	ssize_t n;

	if (len > MESSAGE_MAX)
		len = MESSAGE_MAX;
	n = receive_and_write(q, fd, buf, len, flags, NULL, 0);
	if (n)
		return n;
	receive_give_up_if_foreign(q, fd);
	return ip_queue_receive_with_settings(q, fd, buf, len, flags);
}
