/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives several messages at once, holds them, and gives them to the program one by
 * one. Keeps account of those that are received singly meanwhile. Knows nothing of
 * waiting. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "batched.h"
#include "clock.h"
#include "ends.h"
#include "export.h"
#include "receive.h"
#include "take.h"

/* A packet that was refused counts as read by the program and decided on, so that one
 * verdict may stand for packets before and after it. */
static void note_refused(struct ip_queue *q, const struct message *m)
{
	struct ids *ids = &q->batch->verdicts.ids;

	if (m->queue != q->peer->number)
		return;
	ids_give(ids, m->queue, m->id);
	ids_decide(ids, m->queue, m->id);
}

/* Handles a message that is no packet for the program: holds an error message. Returns
 * whether it was a mark that is to end a read. */
static APART bool take_other(struct ip_queue *q, int fd, unsigned int i)
{
	struct batch *b = q->batch;
	size_t len;
	const struct nlmsghdr *nlh = batch_look(b, i, &len);
	struct message m;

	translate_message(nlh, len, len, &m);
	if (m.kind == MESSAGE_MARK && m.id == ENDS_MARK)
		return true;
	if (m.kind == MESSAGE_MARK) {
		batch_mark_seen(b, m.id);
		receive_is_for_program(q, fd, &m);
	} else if (m.kind == MESSAGE_PACKET) {
		take_refuse(q, fd, &m);
		note_refused(q, &m);
	} else if (m.kind != MESSAGE_NONE) {
		batch_keep(b, i);
	}
	return false;
}

/* Looks at n messages, and holds those for the program. Packets are translated when the
 * program reads them. Returns how many marks were among them that are to end a read. */
static unsigned int take_in(struct ip_queue *q, int fd, unsigned int n)
{
	/* good is the last message, if it is a packet for the program */
	const struct nlmsghdr *nlh, *good = NULL;
	unsigned int ends = 0;
	struct message m;
	size_t len;

	for (unsigned int i = 0; i < n; i++) {
		nlh = batch_look(q->batch, i, &len);
		if (!good || !nfqueue_is_like(nlh, len, good))
			good = translate_is_packet(nlh, len, &m) &&
			       take_is_for(q->peer, &m) ? nlh : NULL;
		if (good)
			batch_keep(q->batch, i);
		else
			ends += take_other(q, fd, i);
	}
	return ends;
}

/* Receives as many messages as there is room for, and holds those for the program. */
static APART void receive_several(struct ip_queue *q, int fd)
{
	struct batch *b = q->batch;
	unsigned int n, ends = 0;
	int saved = errno;

	/* an interface may have another name when these packets are queued */
	b->indev.ifindex = b->outdev.ifindex = 0;
	do {
		n = batch_receive(b, fd);
		ends += take_in(q, fd, n);
		batch_received(b, fd, n);
	} while (n && !batch_held(b) && batch_has_marks(b));
	ends_note_marks(q->peer, fd, ends);
	pace_resume(&b->verdicts.pace);
	errno = saved;
}

/* Notes each packet that the program reads, for all threads and processes that share the
 * queue. A signal handler that cannot get the lock does not note its packet. The id is
 * then missing in ids.h, and verdicts before and after it are not combined.
 *
 * If there are more messages in the socket, they are received too: then the verdict on this
 * packet can be held as well. */
bool batched_accept(struct ip_queue *q, int fd, struct message *m, int flags,
		    uint64_t read_at)
{
	struct batch *b = q->batch;
	bool locked = batch_lock(b);
	bool accepted = receive_is_for_program(q, fd, m);

	batch_took_one(b);
	if (m->kind == MESSAGE_MARK && m->id != ENDS_MARK)
		batch_mark_seen(b, m->id);
	else
		batch_mark_passed(b);
	if (!locked)
		return accepted;
	if (read_at) {
		pace_read(&b->verdicts.pace, read_at, false);
		batch_skipped(b);
	}
	if (accepted && m->kind == MESSAGE_PACKET && !(flags & MSG_PEEK)) {
		ids_give(&b->verdicts.ids, m->queue, m->id);
		batch_note_size(b, m->payload_len);
	}
	if (!accepted && m->kind == MESSAGE_PACKET)
		note_refused(q, m);
	if (accepted && !(flags & MSG_PEEK) && !batch_held(b) && batch_is_due(b))
		receive_several(q, fd);
	if (batch_held(b))
		verdicts_allow(&b->verdicts, b->verdicts_max);
	else
		batch_note_idle(b);
	batch_leave(b, fd);
	return accepted;
}

static APART void find_link(struct ip_queue *q, int fd, struct batch_link *link,
			    uint32_t ifindex)
{
	link->ifindex = 0;	/* if the process is killed now, link has nothing */
	links_find(&q->links, fd, ifindex, link->name, &link->hw_type);
	link->ifindex = ifindex;
}

static EVERY_PACKET void name_link(struct ip_queue *q, int fd, struct batch_link *link,
				   uint32_t ifindex, char *name)
{
	if (ifindex != link->ifindex)
		find_link(q, fd, link, ifindex);
	memcpy(name, link->name, sizeof(link->name));
}

static EVERY_PACKET void name_links(struct ip_queue *q, int fd, struct message *m)
{
	ipq_packet_msg_t *msg = &m->packet.msg;

	if (m->indev) {
		name_link(q, fd, &q->batch->indev, m->indev, msg->indev_name);
		if (m->has_hw_addr)
			msg->hw_type = q->batch->indev.hw_type;
	}
	if (m->outdev)
		name_link(q, fd, &q->batch->outdev, m->outdev, msg->outdev_name);
}

/* Whether the message is a packet with which receive_is_for_program does nothing. */
static EVERY_PACKET bool is_usual(struct peer *p, const struct message *m)
{
	return m->kind == MESSAGE_PACKET && take_is_for(p, m) &&
	       !atomic_load_explicit(&p->ids, memory_order_relaxed);
}

/* Gives the program the oldest message held. Returns 0 if it is not for the program. */
static EVERY_PACKET ssize_t give_head(struct ip_queue *q, int fd, void *buf, size_t len,
				      int flags)
{
	struct batch *b = q->batch;
	size_t have;
	struct nlmsghdr *nlh = batch_head(b, &have);
	struct nfqueue_datagram d;
	struct message m;

	nfqueue_received(&d, nlh, have);
	translate_message(nlh, have, have, &m);
	if (!is_usual(q->peer, &m) && !receive_is_for_program(q, fd, &m))
		return 0;
	if (m.kind == MESSAGE_PACKET) {
		name_links(q, fd, &m);
		batch_note_size(b, m.payload_len);
		if (!(flags & MSG_PEEK))
			ids_give(&b->verdicts.ids, m.queue, m.id);
	}
	return receive_write(q, fd, &m, &d, buf, len, flags);
}

/* Call when no message is held: the program may wait now, for any time. */
static APART void flush(struct ip_queue *q, int fd)
{
	int saved = errno;

	verdicts_flush(&q->batch->verdicts, fd);
	batch_note_idle(q->batch);
	errno = saved;
}

/* Gives the program the oldest message held or, if there is none, of those that are
 * received now. Returns 0 if there is none. */
static EVERY_PACKET ssize_t give_oldest(struct ip_queue *q, int fd, void *buf, size_t len,
					int flags)
{
	struct batch *b = q->batch;
	ssize_t n = 0;

	if (!batch_held(b)) {
		if (batch_is_due(b))
			receive_several(q, fd);
		else
			batch_skipped(b);
	}
	while (n == 0 && batch_held(b)) {
		n = give_head(q, fd, buf, len, flags);
		if (n == 0 || !(flags & MSG_PEEK))
			batch_drop_head(b);
		/* no mark may be in the socket while nothing is held */
		if (!batch_held(b) && (batch_has_marks(b) || batch_can_go_on(b)))
			receive_several(q, fd);
	}
	if (batch_held(b))
		verdicts_allow(&b->verdicts, b->verdicts_max);
	else
		flush(q, fd);
	return n;
}

/* Returns 0 if no message is held, nor can be: the next must be received singly. */
static EVERY_PACKET ssize_t receive_held(struct ip_queue *q, int fd, void *buf, size_t len,
					 int flags)
{
	struct batch *b = q->batch;
	ssize_t n;

	if (!batch_lock(b))
		return 0;
	if (pace_is_timed(&b->verdicts.pace))
		pace_read(&b->verdicts.pace, clock_ns(), batch_held(b));
	verdicts_take(&b->verdicts);
	n = give_oldest(q, fd, buf, len, flags);
	batch_leave(b, fd);
	return n;
}

ssize_t batched_receive(struct ip_queue *q, int fd, void *buf, size_t len, int flags)
{
	uint64_t read_at;
	ssize_t n;

	for (;;) {
		read_at = batch_is_idle(q->batch) ? clock_ns() : 0;
		n = read_at ? 0 : receive_held(q, fd, buf, len, flags);
		if (n)
			return n;
		if (ends_due(q->peer)) {
			errno = ECANCELED;
			return -1;
		}
		n = receive_singly(q, fd, buf, len, flags, read_at);
		if (n)
			return n;
		receive_give_up_if_foreign(q, fd);
	}
}
