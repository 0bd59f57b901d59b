/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ip_queue module as one program saw it: takes old requests, gives old
 * messages. Knows what ip_queue did and nothing of who calls. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "claims.h"
#include "clock.h"
#include "debug.h"
#include "ip_queue.h"
#include "nfqueue.h"
#include "port_id.h"

/* A larger buffer than any message can fill is not looked at. */
#define MESSAGE_MAX (1 << 20)

/* How many messages not for the program one read may pass over. */
#define LOOKS_MAX 64

/* And how many a handle to be closed may move: more than wait in any queue. */
#define MOVES_MAX (1 << 20)

/* As clock_now, which may stand still for half as long. */
#define TICK_MAX 20

static int enter(struct ip_queue *q, uint32_t port_id)
{
	q->peer = peers_enter(port_id);
	return q->peer ? 0 : -1;
}

static void apply_settings(struct ip_queue *q)
{
	const struct settings *s = &q->settings;

	peers_set_numbers(q->peer, s->queue, s->queue_last);
	q->peer->maxlen = s->maxlen;
	q->peer->flags = (s->fail_open ? NFQA_CFG_F_FAIL_OPEN : 0) |
			 (s->gso ? NFQA_CFG_F_GSO : 0);
}

static void settle(struct ip_queue *q, int fd)
{
	peers_reset(q->peer, q->family, fd);
	apply_settings(q);
}

int ip_queue_set(struct ip_queue *q, const struct settings *s)
{
	bool moves = s->queue != q->settings.queue ||
		     s->queue_last != q->settings.queue_last;

	if (q->peer->owner)
		return EBUSY;
	if (moves && peers_find(q->family, s->queue, s->queue_last, false, q->peer))
		return EADDRINUSE;
	q->settings = *s;
	apply_settings(q);
	return 0;
}

/* With the first port id that no other socket has. */
static int open_socket(const struct ip_queue *q, int type, bool again,
		       uint32_t *port_id)
{
	int fd;

	*port_id = port_id_of(q->family, getpid());
	fd = nfqueue_open(type, *port_id);
	if (fd >= 0 || errno != EADDRINUSE)
		return fd;
	if (!again && (!peers_know(*port_id) ||
		       peers_find(q->family, q->settings.queue,
				  q->settings.queue_last, false, NULL))) {
		errno = EADDRINUSE;
		return -1;
	}
	for (unsigned int n = 0; n < PORT_IDS_MORE; n++) {
		*port_id = port_id_more(q->family, getpid(), n);
		fd = nfqueue_open(type, *port_id);
		if (fd >= 0 || errno != EADDRINUSE)
			return fd;
	}
	errno = EMFILE;
	return -1;
}

int ip_queue_open(struct ip_queue *q, uint8_t family, int type, bool again)
{
	uint32_t port_id;
	int fd, error;

	memset(q, 0, sizeof(*q));
	q->family = family;
	if (!settings_read(family, &q->settings)) {
		errno = EINVAL;
		return -1;
	}
	fd = open_socket(q, type, again, &port_id);
	if (fd < 0)
		return -1;
	if (nfqueue_probe(q->settings.queue) == NFQUEUE_ABSENT) {
		if (q->settings.debug)
			debug_absent();
		errno = EPROTONOSUPPORT;
	} else if (!enter(q, port_id)) {
		settle(q, fd);
		return fd;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int ip_queue_adopt(struct ip_queue *q, uint8_t family, int fd, uint32_t port_id)
{
	memset(q, 0, sizeof(*q));
	q->family = family;
	if (!settings_read(family, &q->settings)) {
		errno = EINVAL;
		return -1;
	}
	if (enter(q, port_id))
		return -1;
	if (!q->peer->family)
		settle(q, fd);
	return 0;
}

/*
 * Room for as many messages as may wait, so that none is lost before the queue
 * itself is full. A message takes its payload and some 1,000 bytes
 * (truesize); the kernel doubles what is asked for.
 */
static void size_rcvbuf(const struct ip_queue *q, int fd,
			const ipq_mode_msg_t *mode)
{
	uint32_t range = mode->value == IPQ_COPY_PACKET ? mode->range : 0;
	int got, saved = errno;
	uint64_t bytes;

	if (mode->value == IPQ_COPY_PACKET && (range == 0 || range > PAYLOAD_MAX))
		range = PAYLOAD_MAX;
	bytes = (uint64_t)q->settings.maxlen * (range + 512);
	if (bytes > INT_MAX / 2)
		bytes = INT_MAX / 2;
	if (q->settings.rcvbuf)
		bytes = q->settings.rcvbuf;
	got = nfqueue_set_rcvbuf(fd, bytes, q->settings.rcvbuf == 0);
	if (got < (int)bytes && q->settings.debug)
		debug_rcvbuf(q->peer->number, bytes, got);
	errno = saved;
}

static void put_invalid(struct ip_queue *q, const struct request *r,
			enum refusal refusal, struct kernel_request *out)
{
	translate_verdict(out, r, refusal, q->peer->number,
			  &(struct verdict) { .value = IMPOSSIBLE_VERDICT });
}

/* A number without packets is of no use to who shares it. */
static void give_way(struct peer *p)
{
	struct peer *sharer = p->owner && p->holds ? claims_sharer(p) : NULL;

	if (!sharer || p->mode == IPQ_COPY_NONE)
		return;
	peers_lock();
	claims_step_aside(p);
	claims_take_over(sharer);
	peers_unlock();
}

static void put_mode(struct ip_queue *q, int fd, const struct request *r,
		     enum refusal refusal, struct kernel_request *out)
{
	if (r->body.msg.mode.value > IPQ_COPY_MAX) {
		put_invalid(q, r, refusal, out);
		return;
	}
	if (r->body.msg.mode.value != IPQ_COPY_NONE)
		size_rcvbuf(q, fd, &r->body.msg.mode);
	else
		give_way(q->peer);
	if (q->peer->owner) {
		q->peer->mode = r->body.msg.mode.value;
		claims_set_mode(q->peer, fd, r);
	}
	translate_mode(out, r, refusal, q->peer->number);
}

/* The bytes that came with a verdict. */
static size_t payload_len(const struct request *r, const void *payload)
{
	return payload ? r->nlh.nlmsg_len - sizeof(*r) : 0;
}

/* ip_queue replaced the packet if data_len was what had been sent, and not too
 * short for an IP header. */
static bool replaces(const struct ip_queue *q, const struct request *r, size_t len)
{
	size_t least = q->family == AF_INET ? sizeof(struct iphdr) :
		       sizeof(struct ip6_hdr);

	return len >= least && len == r->body.msg.verdict.data_len &&
	       translate_verdict_known(r->body.msg.verdict.value);
}

static bool fits_sndbuf(int fd, size_t len)
{
	int bytes = 0;
	socklen_t optlen = sizeof(bytes);

	/* netlink_sendmsg: a message may fill the send buffer but for 32 bytes */
	return !getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &optlen) &&
	       len + 32 <= (size_t)bytes;
}

/*
 * Payload that one attribute cannot hold. ip_queue dropped a packet that would
 * have grown past 65,535 bytes, which we can do; up to there it would have gone
 * on, which the kernel now has no way to take.
 */
static bool cannot_be_sent(const struct ip_queue *q, int fd,
			   const struct request *r, const void *payload)
{
	size_t len = payload_len(r, payload);

	return len > PAYLOAD_MAX && replaces(q, r, len) &&
	       (len <= UINT16_MAX || !fits_sndbuf(fd, r->nlh.nlmsg_len));
}

/* The kernel's id of a packet, and its queue number: ids of several queues have it
 * in the upper half. 0, which is no packet's, for an id that cannot be. */
static uint32_t find_id(const struct peer *p, uint64_t id, uint16_t *queue)
{
	uint64_t number = id >> 32;

	if (!number && !p->several)
		return id;
	if (!p->several || number < p->first || number > p->last)
		return 0;
	*queue = number;
	return id;
}

static void put_verdict(struct ip_queue *q, const struct request *r,
			enum refusal refusal, const void *payload,
			const uint32_t *mark, struct kernel_request *out)
{
	size_t len = payload_len(r, payload);
	uint16_t queue = q->peer->number;
	struct verdict v = {
		.id = find_id(q->peer, r->body.msg.verdict.id, &queue),
		.value = r->body.msg.verdict.value,
		.mark = mark,
		.payload = payload,
		.payload_len = len,
		.replace = replaces(q, r, len),
	};

	if (len > PAYLOAD_MAX) {
		if (v.replace)
			v.value = NF_DROP;
		v.payload = NULL;
	}
	if (!translate_verdict_known(v.value))
		v.value = IMPOSSIBLE_VERDICT;
	translate_verdict(out, r, refusal, queue, &v);
}

static bool is_request(const struct request *r, uint16_t type)
{
	return r->nlh.nlmsg_type == type && r->nlh.nlmsg_len >= sizeof(*r);
}

int ip_queue_request(struct ip_queue *q, int fd, const struct request *r,
		     const void *payload, const uint32_t *mark)
{
	enum refusal refusal = REFUSAL_IS_EPERM;
	struct kernel_request out;
	int failed;

	if (payload && is_request(r, IPQM_VERDICT) &&
	    cannot_be_sent(q, fd, r, payload)) {
		errno = EMSGSIZE;
		return -1;
	}
	kernel_request_init(&out);
	if (!atomic_load_explicit(&q->peer->owner, memory_order_relaxed)) {
		refusal = REFUSAL_IS_EBUSY;
		peers_lock();
		claims_make(q, fd, r, &out);
	}
	if (is_request(r, IPQM_MODE))
		put_mode(q, fd, r, refusal, &out);
	else if (is_request(r, IPQM_VERDICT))
		put_verdict(q, r, refusal, payload, mark, &out);
	else
		put_invalid(q, r, refusal, &out);
	failed = nfqueue_send(fd, &out);
	if (refusal == REFUSAL_IS_EBUSY) {	/* the claim was in it */
		if (failed)
			q->peer->owner = false;
		peers_unlock();
	}
	return failed;
}

int ip_queue_refuse(struct ip_queue *q, int fd, const struct request *r)
{
	struct kernel_request out;

	kernel_request_init(&out);
	put_invalid(q, r, REFUSAL_IS_EINVAL, &out);
	return nfqueue_send(fd, &out);
}

static void name_links(struct ip_queue *q, int fd, struct message *m)
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
 * the family's module was not there to listen. */
static void send_on(struct ip_queue *q, int fd, const struct message *m)
{
	struct peer *to = peers_find(m->family, m->queue, m->queue, true, NULL);

	atomic_fetch_add_explicit(&q->peer->foreign, 1, memory_order_relaxed);
	q->peer->shares = true;
	decide(fd, m, to ? NF_QUEUE_NR((uint32_t)to->number) : NF_DROP);
	if (!to && q->settings.debug && !atomic_exchange(&q->peer->noticed, true))
		debug_foreign(m->queue, m->family);
}

static bool is_for_program(const struct peer *p, uint8_t family, const struct message *m)
{
	return m->family == family &&
	       (m->queue == atomic_load_explicit(&p->number, memory_order_relaxed) ||
		atomic_load_explicit(&p->several, memory_order_relaxed));
}

/* Payload first: what stands before it in buf may still be part of it. */
static void write_message(const struct message *m,
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
	memcpy(buf, m->head, head_len);
	if (filled < end)
		memset(buf + filled, 0, end - filled);
}

/* Whether the message is one for the program; sees to it if not. */
static bool accept_message(struct ip_queue *q, int fd, struct message *m)
{
	switch (m->kind) {
	case MESSAGE_PACKET:
		if (!is_for_program(q->peer, q->family, m)) {
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
		if (m->error == EPERM && q->peer->owner && q->settings.debug)
			debug_forbidden(q->peer->number);
		return true;
	case MESSAGE_MARK:
	case MESSAGE_NONE:
		break;
	}
	return false;
}

/*
 * The payload is received where it belongs, which is where the last one would
 * have: the kernel's header is shorter than the old one and most often as long
 * as the one before. Returns 0 for a message that was not for the program.
 */
static ssize_t receive(struct ip_queue *q, int fd, void *buf, size_t len, int flags)
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
	if (!accept_message(q, fd, &m)) {
		if (flags & MSG_PEEK)
			nfqueue_discard(fd);
		return 0;
	}
	if (m.kind == MESSAGE_PACKET && !(flags & MSG_PEEK))
		atomic_fetch_add_explicit(&q->peer->delivered, 1, memory_order_relaxed);
	if (len)
		write_message(&m, &d, buf, len);
	return m.len;
}

/* What is moved on keeps its order: who receives it moves it before another
 * receives the next. */
static ssize_t receive_in_turn(struct ip_queue *q, int fd, void *buf, size_t len,
			       int flags)
{
	ssize_t n;

	peers_take_turn(&q->peer->turn);
	n = receive(q, fd, buf, len, flags | MSG_DONTWAIT);
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

/*
 * Where packets of others come too. A read that finds nothing but these may come
 * from select(2), which they woke: NLMSG_NOOP. One that has begun to wait goes on
 * waiting: most programs that never select know no message but IPQM_PACKET and
 * NLMSG_ERROR. passed: such packets were found already; waited: it has waited.
 */
static ssize_t receive_beside(struct ip_queue *q, int fd, void *buf, size_t len,
			      int flags, bool passed, bool waited)
{
	bool wait = !(flags & MSG_DONTWAIT);
	int looks = 0, saved = errno;
	ssize_t n;

	if (atomic_load_explicit(&q->noop_peeked, memory_order_relaxed))
		return give_noop(q, buf, len, flags);
	while (waited || looks++ < LOOKS_MAX) {
		n = receive_in_turn(q, fd, buf, len, flags);
		if (n > 0 || (n < 0 && (errno != EAGAIN || !wait)))
			return n;
		if (n == 0) {
			passed = true;
			continue;
		}
		errno = saved;
		if (passed && !waited)
			return give_noop(q, buf, len, flags);
		waited = true;
		if (wait_for_message(fd))
			return -1;
	}
	if (wait)
		return give_noop(q, buf, len, flags);
	errno = EAGAIN;
	return -1;
}

/* Whether the first message that was not for the program ended the read's waiting,
 * or was there before. A handle that began to share the number did so meanwhile;
 * else the time tells. */
static bool has_waited(const struct ip_queue *q, uint32_t began)
{
	return claims_sharer(q->peer) || clock_now() - began > TICK_MAX;
}

ssize_t ip_queue_receive(struct ip_queue *q, int fd, void *buf, size_t len,
			 int flags)
{
	uint32_t began;
	ssize_t n;

	if (len > MESSAGE_MAX)
		len = MESSAGE_MAX;
	if (atomic_load_explicit(&q->peer->shares, memory_order_relaxed))
		return receive_beside(q, fd, buf, len, flags, false, false);
	began = clock_now();
	n = receive(q, fd, buf, len, flags);
	if (n)
		return n;
	return receive_beside(q, fd, buf, len, flags, true,
			      !(flags & MSG_DONTWAIT) && has_waited(q, began));
}

/* What waits in the socket for the other family is moved to its handle. What waits
 * for ours is moved to the end: a forked process that has the socket too may want
 * it, else it is dropped with the socket. */
static void move_waiting(struct ip_queue *q, int fd)
{
	struct kernel_request mark;
	unsigned char head[NFQUEUE_HEAD_MAX];
	struct nfqueue_datagram d;
	struct message m = { .kind = MESSAGE_NONE };

	kernel_request_init(&mark);
	translate_mark(&mark);
	nfqueue_send(fd, &mark);
	for (unsigned int i = 0; m.kind != MESSAGE_MARK && i < MOVES_MAX; i++) {
		if (nfqueue_receive(fd, head, sizeof(head), MSG_DONTWAIT, &d))
			return;
		translate_message(d.nlh, d.have, d.len, &m);
		if (m.kind != MESSAGE_PACKET)
			continue;
		if (is_for_program(q->peer, q->family, &m))
			decide(fd, &m, NF_QUEUE_NR((uint32_t)m.queue));
		else
			send_on(q, fd, &m);
	}
}

void ip_queue_close(struct ip_queue *q, int fd)
{
	struct peer *p = q->peer;
	struct peer *sharer = p->owner && p->holds ? claims_sharer(p) : NULL;

	if (!sharer) {
		close(fd);
		return;
	}
	peers_lock();
	move_waiting(q, fd);
	close(fd);
	claims_take_over(sharer);
	peers_unlock();
}
