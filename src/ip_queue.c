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

#include "debug.h"
#include "ip_queue.h"
#include "nfqueue.h"

/* A larger buffer than any message can fill is not looked at. */
#define MESSAGE_MAX (1 << 20)

/* How many messages not for the program one look may throw away. */
#define LOOKS_MAX 64

int ip_queue_open(struct ip_queue *q, uint8_t family, int type, uint32_t port_id)
{
	int fd;

	memset(q, 0, sizeof(*q));
	q->family = family;
	if (!settings_read(family, &q->settings)) {
		errno = EINVAL;
		return -1;
	}
	fd = nfqueue_open(type, port_id);
	if (fd < 0)
		return -1;
	if (nfqueue_probe(q->settings.queue) == NFQUEUE_ABSENT) {
		close(fd);
		if (q->settings.debug)
			debug_absent();
		errno = EPROTONOSUPPORT;
		return -1;
	}
	return fd;
}

/* ip_queue gave itself to the first who sent a request, whatever the request,
 * and refused all others. */
static void claim(struct ip_queue *q, int fd, const struct request *r,
		  struct kernel_request *out)
{
	uint16_t queue = q->settings.queue;
	int saved = errno;

	translate_probe(out, r);
	switch (nfqueue_probe(queue)) {
	case NFQUEUE_FREE:
		nfqueue_configure(fd);
		translate_claim(out, r, queue, q->settings.maxlen);
		atomic_store(&q->owner, true);
		break;
	case NFQUEUE_TAKEN:
		/* a forked process may have claimed it over this very socket */
		if (nfqueue_owner(queue) == nfqueue_port_id(fd))
			atomic_store(&q->owner, true);
		else if (q->settings.debug)
			debug_taken(queue, q->family);
		break;
	case NFQUEUE_FORBIDDEN:
		if (q->settings.debug)
			debug_forbidden(queue);
		break;
	case NFQUEUE_ABSENT:
		break;
	}
	errno = saved;
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
		debug_rcvbuf(q->settings.queue, bytes, got);
	errno = saved;
}

static void put_invalid(struct ip_queue *q, const struct request *r,
			enum refusal refusal, struct kernel_request *out)
{
	translate_verdict(out, r, refusal, q->settings.queue,
			  &(struct verdict) { .value = IMPOSSIBLE_VERDICT });
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
	translate_mode(out, r, refusal, q->settings.queue);
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

static void put_verdict(struct ip_queue *q, const struct request *r,
			enum refusal refusal, const void *payload,
			const uint32_t *mark, struct kernel_request *out)
{
	size_t len = payload_len(r, payload);
	struct verdict v = {
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
	translate_verdict(out, r, refusal, q->settings.queue, &v);
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

	if (payload && is_request(r, IPQM_VERDICT) &&
	    cannot_be_sent(q, fd, r, payload)) {
		errno = EMSGSIZE;
		return -1;
	}
	kernel_request_init(&out);
	if (!atomic_load_explicit(&q->owner, memory_order_relaxed)) {
		refusal = REFUSAL_IS_EBUSY;
		claim(q, fd, r, &out);
	}
	if (is_request(r, IPQM_MODE))
		put_mode(q, fd, r, refusal, &out);
	else if (is_request(r, IPQM_VERDICT))
		put_verdict(q, r, refusal, payload, mark, &out);
	else
		put_invalid(q, r, refusal, &out);
	if (!nfqueue_send(fd, &out))
		return 0;
	if (refusal == REFUSAL_IS_EBUSY)	/* the claim was in it */
		atomic_store(&q->owner, false);
	return -1;
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

/* As when the other family's module was not there to listen. */
static void drop(const struct ip_queue *q, int fd, const struct message *m)
{
	struct request r = { .body.msg.verdict.id = m->id };
	struct verdict v = { .value = NF_DROP };
	struct kernel_request out;
	int saved = errno;

	kernel_request_init(&out);
	translate_verdict(&out, &r, REFUSAL_IS_EPERM, q->settings.queue, &v);
	nfqueue_send(fd, &out);
	errno = saved;
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
		if (m->family != q->family) {
			drop(q, fd, m);
			return false;
		}
		name_links(q, fd, m);
		atomic_store_explicit(&q->payload_offset, m->payload_offset,
				      memory_order_relaxed);
		return true;
	case MESSAGE_ERROR:
		if (m->claim_lost) {
			/* the request behind it has an answer of its own */
			atomic_store(&q->owner, false);
			return false;
		}
		if (m->error == EPERM && q->owner && q->settings.debug)
			debug_forbidden(q->settings.queue);
		return true;
	case MESSAGE_NONE:
		break;
	}
	return false;
}

/*
 * The payload is received where it belongs, which is where the last one would
 * have: the kernel's header is shorter than the old one and most often as long
 * as the one before.
 */
ssize_t ip_queue_receive(struct ip_queue *q, int fd, void *buf, size_t len,
			 int flags)
{
	static const size_t old_head = sizeof(((struct message *)0)->packet);
	struct nfqueue_datagram d;
	struct message m;

	if (len > MESSAGE_MAX)
		len = MESSAGE_MAX;
	for (int looks = 0; looks < LOOKS_MAX; looks += !!(flags & MSG_DONTWAIT)) {
		size_t offset = atomic_load_explicit(&q->payload_offset,
						     memory_order_relaxed);
		unsigned char *start = buf;

		if (buf && offset && offset < old_head && len >= old_head)
			start += old_head - offset;
		if (nfqueue_receive(fd, start, len - (start - (unsigned char *)buf),
				    flags, &d))
			return -1;
		translate_message(d.nlh, d.have, d.len, &m);
		if (!accept_message(q, fd, &m)) {
			if (flags & MSG_PEEK)
				nfqueue_discard(fd);
			continue;
		}
		if (len)
			write_message(&m, &d, buf, len);
		return m.len;
	}
	errno = EAGAIN;
	return -1;
}
