/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ip_queue did with a request, and which request the kernel gets in its place. Knows
 * nothing of its callers. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "claims.h"
#include "debug.h"
#include "export.h"
#include "ip_queue.h"
#include "nfqueue.h"
#include "receive.h"
#include "sharing.h"

/*
 * Makes the receive buffer large enough for as many messages as packets may wait, so that
 * no message is lost before the queue is full. A message needs its payload and about
 * 1,000 bytes more (truesize); the kernel doubles the size that is set.
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
	if (q->peer->ids == IDS_WITH_QUEUE)
		bytes *= q->settings.queue_last - q->settings.queue + 1;
	if (bytes > INT_MAX / 2)
		bytes = INT_MAX / 2;
	if (q->settings.rcvbuf)
		bytes = q->settings.rcvbuf;
	got = nfqueue_set_rcvbuf(fd, bytes, q->settings.rcvbuf == 0);
	if (got < (int)bytes && q->settings.debug)
		debug_rcvbuf(q->peer->number, bytes, got);
	errno = saved;
}

/* The length of the payload of a verdict, in bytes. */
static size_t payload_len(const struct request *r, const void *payload)
{
	return payload ? r->nlh.nlmsg_len - sizeof(*r) : 0;
}

/* Puts a request that the kernel refuses, with EPERM if another socket owns the queue. It
 * is on several packets, as Linux up to 3.18 checked the owner first only for those. */
static void put_invalid(struct ip_queue *q, const struct request *r, enum refusal refusal,
			const void *payload, struct kernel_request *out)
{
	size_t len = payload_len(r, payload);
	struct verdict v = {
		.value = IMPOSSIBLE_VERDICT,
		.all_before = true,
		.payload = len > PAYLOAD_MAX ? NULL : payload,
		.payload_len = len,
	};

	translate_verdict(out, r, refusal, q->peer->number, &v);
}

static APART void put_mode(struct ip_queue *q, int fd, const struct request *r,
			   enum refusal refusal, struct kernel_request *out)
{
	if (r->body.msg.mode.value > IPQ_COPY_MAX) {
		put_invalid(q, r, refusal, NULL, out);
		return;
	}
	if (r->body.msg.mode.value != IPQ_COPY_NONE)
		size_rcvbuf(q, fd, &r->body.msg.mode);
	if (q->peer->owner) {
		q->peer->mode = r->body.msg.mode.value;
		q->peer->range = r->body.msg.mode.range;
		sharing_set_mode(q->peer, fd);
	}
	translate_mode(out, r, refusal, q->peer->number);
}

/* Whether the payload replaces the packet. For ip_queue its length had to be data_len,
 * and at least that of an IP header. */
static bool replaces(const struct ip_queue *q, const struct request *r, size_t len)
{
	return len >= sizeof(struct iphdr) &&
	       (len >= sizeof(struct ip6_hdr) || q->peer->family == AF_INET) &&
	       len == r->body.msg.verdict.data_len &&
	       translate_verdict_known(r->body.msg.verdict.value);
}

static bool fits_sndbuf(int fd, size_t len)
{
	int bytes = 0;
	socklen_t optlen = sizeof(bytes);

	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &optlen);
	/* netlink_sendmsg: a message may fill the send buffer but for 32 bytes */
	return len + 32 <= (size_t)bytes;
}

/*
 * Whether the payload is too long for one attribute, and the request must fail. ip_queue
 * dropped a packet that became longer than 65,535 bytes, which is possible here too. Up
 * to that length the packet would have passed, but the kernel cannot receive it now.
 */
static bool cannot_be_sent(const struct ip_queue *q, int fd,
			   const struct request *r, const void *payload)
{
	size_t len = payload_len(r, payload);

	return len > PAYLOAD_MAX &&
	       ((replaces(q, r, len) && len <= UINT16_MAX) ||
		!fits_sndbuf(fd, r->nlh.nlmsg_len));
}

/* Finds the kernel's id if the upper half of id is the queue number, or if a mover has
 * the numbers. Returns 0, the id of one packet of 2^32, for an invalid id. */
static APART uint32_t find_odd_id(const struct peer *p, uint64_t id, uint16_t *queue)
{
	uint64_t number = id >> 32;

	if (p->ids == IDS_WITH_QUEUE) {
		if (number < p->first || number > p->last)
			return 0;
		*queue = number;
		return id;
	}
	if (number)
		return 0;
	if (p->ids != IDS_MOVED || id & PEER_ID_MOVED)
		return p->ids == IDS_MOVED ? id ^ PEER_ID_MOVED : id;
	for (uint32_t i = 0; i < p->old_count; i++)
		if (p->old[i] == id)
			return i + 1;
	return 0;
}

/* Returns the kernel's id of a packet. Sets queue if the id contains the queue number. */
static EVERY_PACKET uint32_t find_id(const struct peer *p, uint64_t id, uint16_t *queue)
{
	if (!(id >> 32) && !atomic_load_explicit(&p->ids, memory_order_relaxed))
		return id;
	return find_odd_id(p, id, queue);
}

static EVERY_PACKET void put_verdict(struct ip_queue *q, const struct request *r,
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

	if (len > RECEIVE_ECHO_MAX)
		receive_expect_echo(q->peer);
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

static EVERY_PACKET void put_request(struct ip_queue *q, int fd, const struct request *r,
			enum refusal refusal, const void *payload,
			const uint32_t *mark, struct kernel_request *out)
{
	if (is_request(r, IPQM_VERDICT))
		put_verdict(q, r, refusal, payload, mark, out);
	else if (is_request(r, IPQM_MODE))
		put_mode(q, fd, r, refusal, out);
	else
		put_invalid(q, r, refusal, NULL, out);
}

static EVERY_PACKET int send_as_owner(struct ip_queue *q, int fd, const struct request *r,
			const void *payload, const uint32_t *mark)
{
	struct kernel_request out;

	kernel_request_init(&out);
	put_request(q, fd, r, REFUSAL_IS_EPERM, payload, mark, &out);
	return nfqueue_send(fd, &out);
}

/* Call when the request with the claim has been sent, after which other requests may
 * follow. If the claim has been refused meanwhile, does nothing. */
static void note_claimed(struct peer *p)
{
	uint8_t claims = OWNER_CLAIMS;

	atomic_compare_exchange_strong(&p->owner, &claims, OWNER_CLAIMED);
}

/* Sends the first request, and every later one while another socket owns the queue. */
static APART int send_claiming(struct ip_queue *q, int fd, const struct request *r,
			       const void *payload, const uint32_t *mark)
{
	struct kernel_request out;
	enum refusal refusal;
	int failed;

	peers_lock();
	if (q->peer->owner) {	/* another thread was first */
		note_claimed(q->peer);
		peers_unlock();
		return send_as_owner(q, fd, r, payload, mark);
	}
	kernel_request_init(&out);
	refusal = claims_make(q, fd, r, &out);
	/* Linux up to 3.18 would accept a possible verdict on another socket's queue */
	if (!q->peer->owner && is_request(r, IPQM_VERDICT))
		put_invalid(q, r, refusal, payload, &out);
	else
		put_request(q, fd, r, refusal, payload, mark, &out);
	failed = nfqueue_send(fd, &out);
	if (failed)	/* the claim was in it */
		q->peer->owner = OWNER_NOT;
	note_claimed(q->peer);
	peers_unlock();
	return failed;
}

static EVERY_PACKET int send_request(struct ip_queue *q, int fd, const struct request *r,
			const void *payload, const uint32_t *mark)
{
	if (atomic_load_explicit(&q->peer->owner, memory_order_relaxed) != OWNER_CLAIMED)
		return send_claiming(q, fd, r, payload, mark);
	return send_as_owner(q, fd, r, payload, mark);
}

/* Whether the verdict r may be held and combined with others. */
static bool is_plain(const struct request *r, const void *payload, const uint32_t *mark)
{
	return !payload && !mark && !(r->nlh.nlmsg_flags & NLM_F_ACK) &&
	       (r->body.msg.verdict.value == NF_ACCEPT ||
		r->body.msg.verdict.value == NF_DROP);
}

void ip_queue_flush(struct ip_queue *q, int fd)
{
	if (q->batch && batch_lock(q->batch)) {
		verdicts_flush(&q->batch->verdicts, fd);
		batch_unlock(q->batch);
	}
}

/* Requests keep their order: held verdicts go before a request that cannot be held. For
 * the thread that holds the batch's lock. */
static int hold_or_flush_and_send(struct ip_queue *q, int fd, const struct request *r,
				  const void *payload, const uint32_t *mark)
{
	struct batch *b = q->batch;
	struct verdicts *v = &b->verdicts;
	uint16_t queue = q->peer->number;
	uint32_t id = find_id(q->peer, r->body.msg.verdict.id, &queue);
	/* after a verdict that will be refused the packet still has none */
	bool is_verdict = is_request(r, IPQM_VERDICT) &&
			  translate_verdict_known(r->body.msg.verdict.value);
	/* several only while messages are held, so that the program will certainly read again */
	unsigned int most = batch_held(b) ? b->verdicts_max : 1;

	verdicts_take(v);
	if (is_verdict && q->peer->owner && is_plain(r, payload, mark) &&
	    verdicts_can_hold(v, most) && ids_decide(&v->ids, queue, id))
		return verdicts_put(v, fd, r, queue, id, most);
	if (verdicts_flush(v, fd) || send_request(q, fd, r, payload, mark))
		return -1;
	pace_resume(&v->pace);
	if (is_verdict)
		ids_decide(&v->ids, queue, id);
	return 0;
}

static bool is_too_long(struct ip_queue *q, int fd, const struct request *r,
			const void *payload)
{
	if (!payload || !is_request(r, IPQM_VERDICT) || !cannot_be_sent(q, fd, r, payload))
		return false;
	errno = EMSGSIZE;
	return true;
}

/* left is 0, or the note of the verdict r, which was left. */
static int hold_or_send(struct ip_queue *q, int fd, const struct request *r,
			const void *payload, const uint32_t *mark, uint64_t left)
{
	bool is_locked;
	int failed;

	if (is_too_long(q, fd, r, payload))
		return -1;
	/* without the lock, as a claim may take that of the other family's batch */
	if (q->peer->owner != OWNER_CLAIMED && !left) {
		ip_queue_flush(q, fd);
		return send_request(q, fd, r, payload, mark);
	}
	is_locked = batch_lock(q->batch);
	if (left && !verdicts_take_back(&q->batch->verdicts, left))
		failed = 0;	/* it is held */
	else if (is_locked)
		failed = hold_or_flush_and_send(q, fd, r, payload, mark);
	else
		failed = send_request(q, fd, r, payload, mark);
	if (is_locked)
		batch_leave(q->batch, fd);
	return failed ? -1 : 0;
}

static APART int send_with_payload(struct ip_queue *q, int fd, const struct request *r,
				   const void *payload, const uint32_t *mark)
{
	if (is_too_long(q, fd, r, payload))
		return -1;
	return send_request(q, fd, r, payload, mark);
}

/* Without a batch. */
static APART int send_now(struct ip_queue *q, int fd, const struct request *r,
			  const void *payload, const uint32_t *mark)
{
	if (payload)
		return send_with_payload(q, fd, r, payload, mark);
	return send_request(q, fd, r, NULL, mark);
}

static APART int request_and_trace(struct ip_queue *q, int fd, const struct request *r,
				   const void *payload, const uint32_t *mark, uint64_t left)
{
	int failed = q->batch ? hold_or_send(q, fd, r, payload, mark, left) :
				send_now(q, fd, r, payload, mark);

	if (q->trace)
		trace_request(q->trace, r, payload, mark, failed);
	return failed;
}

/* Leaves the usual verdict of a batch, without the lock. Returns its note, or 0. */
static EVERY_PACKET uint64_t leave(struct ip_queue *q, int fd, const struct request *r,
				   const void *payload, const uint32_t *mark)
{
	const struct peer *p = q->peer;

	if (q->trace || payload || mark || p->owner != OWNER_CLAIMED || p->ids ||
	    r->body.msg.verdict.value > NF_ACCEPT)
		return 0;
	return verdicts_leave(&q->batch->verdicts, fd, r, p->number);
}

int ip_queue_request(struct ip_queue *q, int fd, const struct request *r,
		     const void *payload, const uint32_t *mark)
{
	uint64_t left;

	if (!q->batch)
		return q->trace ? request_and_trace(q, fd, r, payload, mark, 0) :
				  send_now(q, fd, r, payload, mark);
	left = leave(q, fd, r, payload, mark);
	if (left && verdicts_is_left(&q->batch->verdicts))
		return 0;
	return request_and_trace(q, fd, r, payload, mark, left);
}

int ip_queue_refuse(struct ip_queue *q, int fd, const struct request *r,
		    enum refusal refusal)
{
	struct kernel_request out;

	ip_queue_flush(q, fd);
	if (q->trace)
		trace_note(q->trace, "a malformed request");
	kernel_request_init(&out);
	put_invalid(q, r, refusal, NULL, &out);
	return nfqueue_send(fd, &out);
}
