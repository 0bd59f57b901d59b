/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes out of the queue: packets and errors for the program, and packets of
 * the other family, which are not. Knows nothing of who calls. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>

#include "debug.h"
#include "export.h"
#include "ip_queue.h"
#include "nfqueue.h"
#include "receive.h"

/* A larger buffer than any message can fill is not looked at. */
#define MESSAGE_MAX (1 << 20)

/* How many messages not for the program one read may pass over. */
#define LOOKS_MAX 64

/* And how many a handle to be closed may move: more than wait in any queue. */
#define MOVES_MAX (1 << 20)

static EVERY_PACKET void name_links(struct ip_queue *q, int fd, struct message *m)
{
	ipq_packet_msg_t *msg = &m->packet.msg;

	if (m->indev)
		links_find(&q->links, fd, m->indev, msg->indev_name,
			   m->has_hw_addr ? &msg->hw_type : NULL);
	if (m->outdev)
		links_find(&q->links, fd, m->outdev, msg->outdev_name, NULL);
}

/* What is done with a packet that is not for the program. It has no old request;
 * so a refusal is nobody's. */
static void decide(int fd, const struct message *m, uint32_t value)
{
	struct request r = { .nlh.nlmsg_len = 0 };
	struct verdict v = { .id = m->id, .value = value };
	struct kernel_request out;
	int saved = errno;

	kernel_request_init(&out);
	translate_verdict(&out, &r, REFUSAL_IS_EPERM, m->queue, &v);
	nfqueue_send(fd, &out);
	errno = saved;
}

/* To the handle of its family, if the program has one; else it is dropped, as when
 * the family's module was not there to listen. Returns whether it has. */
static bool move(struct peer *p, int fd, const struct message *m)
{
	struct peer *to = peers_find_owner(m->family, p->network, m->queue, m->queue);

	/* a number that is not private is in another's hands by now, or was */
	if (to && !to->is_private)
		to = NULL;
	if (m->family != p->family)
		atomic_fetch_add_explicit(&p->foreign, 1, memory_order_relaxed);
	p->shares = true;
	decide(fd, m, to ? NF_QUEUE_NR((uint32_t)to->number) : NF_DROP);
	return to;
}

static APART void send_on(struct ip_queue *q, int fd, const struct message *m)
{
	bool moved = move(q->peer, fd, m);

	if (!moved && q->settings.debug && !atomic_exchange(&q->peer->noticed, true))
		debug_foreign(m->queue, m->family);
}

/* With batches: as if the program had been given it, and had decided on it. */
static void note_sent_on(struct ip_queue *q, const struct message *m)
{
	struct ids *ids = &batch_verdicts(q->batch)->ids;

	if (m->queue != q->peer->number)
		return;
	ids_give(ids, m->queue, m->id);
	ids_decide(ids, m->queue, m->id);
}

static EVERY_PACKET bool is_for_program(const struct peer *p, const struct message *m)
{
	return m->family == atomic_load_explicit(&p->family, memory_order_relaxed) &&
	       (m->queue == atomic_load_explicit(&p->number, memory_order_relaxed) ||
		atomic_load_explicit(&p->several, memory_order_relaxed));
}

/* Payload first: what stands before it in buf may still be part of it. */
static EVERY_PACKET void write_message(const struct message *m,
			  const struct nfqueue_datagram *d, unsigned char *buf,
			  size_t len)
{
	size_t end = m->len < len ? m->len : len;
	size_t head_len = m->head_len < len ? m->head_len : len;
	size_t filled = head_len + m->payload_len;

	if (filled > len)
		filled = len;
	if (filled > head_len &&
	    !nfqueue_in_place(d, m->payload_offset, filled - head_len, buf + head_len))
		filled = head_len + nfqueue_copy(d, m->payload_offset,
						 filled - head_len, buf + head_len);
	if (head_len == sizeof(m->packet))	/* a length that the compiler knows */
		memcpy(buf, m->head, sizeof(m->packet));
	else
		memcpy(buf, m->head, head_len);
	if (filled < end)
		memset(buf + filled, 0, end - filled);
}

/* netlink_ack addresses an error to the port id that the socket is bound to, which a
 * program that speaks netlink itself may have chosen. */
static APART void address_error(const struct ip_queue *q, struct message *m)
{
	uint32_t shown = atomic_load_explicit(&q->shown_port_id, memory_order_relaxed);

	if (shown)
		memcpy(m->head + offsetof(struct nlmsghdr, nlmsg_pid), &shown,
		       sizeof(shown));
}

/* Whether the message is one for the program; sees to it if not. */
static EVERY_PACKET bool accept_message(struct ip_queue *q, int fd, struct message *m)
{
	switch (m->kind) {
	case MESSAGE_PACKET:
		if (!is_for_program(q->peer, m)) {
			send_on(q, fd, m);
			return false;
		}
		if (atomic_load_explicit(&q->peer->several, memory_order_relaxed))
			m->packet.msg.packet_id |= (uint64_t)m->queue << 32;
		name_links(q, fd, m);
		atomic_store_explicit(&q->payload_offset, m->payload_offset,
				      memory_order_relaxed);
		return true;
	case MESSAGE_ERROR:
		if (m->claim_lost) {
			/* the request behind it has an answer of its own */
			q->peer->owner = false;
			return false;
		}
		address_error(q, m);
		if (m->error == EPERM && q->peer->owner && q->settings.debug)
			debug_forbidden(q->peer->number);
		return true;
	case MESSAGE_MARK:
	case MESSAGE_NONE:
		break;
	}
	return false;
}

/* With batches: everyone who shares the queue is to know what the program has. A
 * signal handler that interrupted another cannot tell it; then the id is missing. */
static APART bool accept_tracked(struct ip_queue *q, int fd, struct message *m,
				 int flags)
{
	bool locked = batch_lock(q->batch);
	bool accepted = accept_message(q, fd, m);

	if (m->kind == MESSAGE_MARK)
		batch_mark_seen(q->batch, m->id);
	else
		batch_mark_passed(q->batch);
	if (locked && accepted && m->kind == MESSAGE_PACKET && !(flags & MSG_PEEK)) {
		ids_give(&batch_verdicts(q->batch)->ids, m->queue, m->id);
		batch_note_size(q->batch, m->payload_len);
	}
	if (locked && !accepted && m->kind == MESSAGE_PACKET)
		note_sent_on(q, m);
	if (locked)
		batch_leave(q->batch, fd);
	return accepted;
}

/* The message is the program's now, or is looked at. */
static EVERY_PACKET ssize_t give(struct ip_queue *q, const struct message *m,
		    const struct nfqueue_datagram *d, void *buf, size_t len, int flags)
{
	if (m->kind == MESSAGE_PACKET && !(flags & MSG_PEEK))
		atomic_fetch_add_explicit(&q->peer->delivered, 1, memory_order_relaxed);
	if (len && !buf) {
		errno = EFAULT;
		return -1;
	}
	if (len)
		write_message(m, d, buf, len);
	return m->len;
}

/*
 * The payload is received where it belongs, which is where the last one would
 * have: the kernel's header is shorter than the old one and most often as long
 * as the one before. Returns 0 for a message that was not for the program; passed
 * tells whether it was another's.
 */
static EVERY_PACKET ssize_t receive_one(struct ip_queue *q, int fd, void *buf, size_t len,
					int flags, bool *passed)
{
	static const size_t old_head = sizeof(((struct message *)0)->packet);
	size_t offset = atomic_load_explicit(&q->payload_offset, memory_order_relaxed);
	unsigned char *start = buf;
	struct nfqueue_datagram d;
	struct message m;

	if (buf && offset && offset < old_head && len >= old_head)
		start += old_head - offset;
	if (nfqueue_receive(fd, start, len - (start - (unsigned char *)buf), flags, &d))
		return -1;
	translate_message(d.nlh, d.have, d.len, &m);
	if (q->batch ? accept_tracked(q, fd, &m, flags) : accept_message(q, fd, &m))
		return give(q, &m, &d, buf, len, flags);
	if (flags & MSG_PEEK)
		nfqueue_discard(fd);
	if (m.kind != MESSAGE_MARK)
		*passed = true;
	return 0;
}

/* As many messages as there is room for, of which those for the program are kept. */
static void take_in(struct ip_queue *q, int fd, bool *passed)
{
	struct batch *b = q->batch;
	struct nfqueue_datagram d;
	struct message *m;
	unsigned int n;

	do {
		n = batch_receive(b, fd);
		for (unsigned int i = 0; i < n; i++) {
			m = batch_look(b, i, &d);
			translate_message(d.nlh, d.have, d.len, m);
			if (m->kind == MESSAGE_MARK) {
				batch_mark_seen(b, m->id);
			} else if (m->kind == MESSAGE_PACKET &&
				   !is_for_program(q->peer, m)) {
				send_on(q, fd, m);
				note_sent_on(q, m);
				*passed = true;
			} else {
				if (m->kind == MESSAGE_PACKET)
					ids_give(&batch_verdicts(b)->ids, m->queue, m->id);
				batch_keep(b, i);
			}
		}
		batch_received(b);
	} while (n && !batch_held(b) && batch_has_marks(b));
}

/* The oldest message held, 0 if none is. */
static ssize_t give_held(struct ip_queue *q, int fd, void *buf, size_t len, int flags,
			 bool *passed)
{
	struct batch *b = q->batch;
	struct nfqueue_datagram d;
	struct message *m;
	ssize_t n = 0;

	if (!batch_held(b) && batch_is_due(b))
		take_in(q, fd, passed);
	while (n == 0 && batch_held(b)) {
		m = batch_head(b, &d);
		batch_note_size(b, m->payload_len);
		if (accept_message(q, fd, m))
			n = give(q, m, &d, buf, len, flags);
		else
			*passed = true;
		if (n == 0 || !(flags & MSG_PEEK))
			batch_drop_head(b);
		/* the marks must be gone by the time nothing is held */
		if (!batch_held(b) && batch_has_marks(b))
			take_in(q, fd, passed);
	}
	/* the program may now wait: for ever, for all we know */
	if (!batch_held(b))
		verdicts_flush(batch_verdicts(b), fd);
	return n;
}

static APART ssize_t receive_batched(struct ip_queue *q, int fd, void *buf, size_t len,
				     int flags, bool *passed)
{
	bool others = false;
	int saved = errno;
	ssize_t n = 0;

	if (batch_lock(q->batch)) {
		verdicts_note_read(batch_verdicts(q->batch));
		n = give_held(q, fd, buf, len, flags, &others);
		batch_leave(q->batch, fd);
	}
	if (n >= 0)	/* a verdict held, or a mark, may not have been sent */
		errno = saved;
	*passed |= others;
	if (n || others)
		return n;
	return receive_one(q, fd, buf, len, flags, passed);
}

static EVERY_PACKET ssize_t receive(struct ip_queue *q, int fd, void *buf, size_t len,
				    int flags, bool *passed)
{
	return q->batch ? receive_batched(q, fd, buf, len, flags, passed) :
			  receive_one(q, fd, buf, len, flags, passed);
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

bool ip_queue_holds_message(const struct ip_queue *q)
{
	return q->batch && batch_held(q->batch);
}

ssize_t ip_queue_receive(struct ip_queue *q, int fd, void *buf, size_t len,
			 int flags)
{
	if (len > MESSAGE_MAX)
		len = MESSAGE_MAX;
	if (atomic_load_explicit(&q->peer->shares, memory_order_relaxed))
		return receive_beside(q, fd, buf, len, flags, false, false);
	if (atomic_load_explicit(&q->waits, memory_order_relaxed))
		return receive_waiting(q, fd, buf, len, flags);
	return receive_first(q, fd, buf, len, flags);
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
	unsigned char head[NFQUEUE_HEAD_MAX];
	struct nfqueue_datagram d;
	struct message m = { .kind = MESSAGE_NONE };

	kernel_request_init(&mark);
	translate_mark(&mark, MARK_OF_MOVES);
	nfqueue_send(fd, &mark);
	for (unsigned int i = 0; !is_mark_of_moves(&m) && i < MOVES_MAX; i++) {
		if (nfqueue_receive(fd, head, sizeof(head), MSG_DONTWAIT, &d))
			return;
		translate_message(d.nlh, d.have, d.len, &m);
		if (m.kind != MESSAGE_PACKET)
			continue;
		if (is_for_program(p, &m))
			decide(fd, &m, NF_QUEUE_NR((uint32_t)m.queue));
		else
			move(p, fd, &m);
	}
	/* and what has come since, as far as it is the other family's */
	for (unsigned int i = 0; i < MOVES_MAX; i++) {
		if (nfqueue_receive(fd, head, sizeof(head), MSG_DONTWAIT | MSG_PEEK, &d))
			return;
		translate_message(d.nlh, d.have, d.len, &m);
		if (m.kind != MESSAGE_PACKET || is_for_program(p, &m))
			return;
		nfqueue_discard(fd);
		move(p, fd, &m);
	}
}
