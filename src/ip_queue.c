/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ip_queue module as one program saw it: it accepts requests and returns messages of
 * ip_queue's protocol. Knows what ip_queue did, and nothing of its callers. */
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
#include "debug.h"
#include "export.h"
#include "ip_queue.h"
#include "nfqueue.h"
#include "port_id.h"
#include "receive.h"

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

static void settle(struct ip_queue *q, int fd, pid_t process)
{
	peers_reset(q->peer, q->family, fd, process);
	apply_settings(q);
}

int ip_queue_set(struct ip_queue *q, const struct settings *s)
{
	bool moves = s->queue != q->settings.queue ||
		     s->queue_last != q->settings.queue_last;
	struct settings before = q->settings;

	if (q->peer->owner)
		return EBUSY;
	if (moves && peers_has_other(q->family, q->peer->network, s->queue, s->queue_last,
				     q->peer->port_id))
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
	int fd = -1, saved = errno;

	for (unsigned int n = 0; fd < 0 && n < PORT_IDS_MAX; n++) {
		*port_id = port_id_of(family, getpid(), n);
		fd = nfqueue_open(type, *port_id);
		if (fd < 0 && errno != EADDRINUSE)
			break;
	}
	if (fd >= 0)
		errno = saved;
	return fd;
}

/* Whether this process has a socket that is not known here: opened before execve(2), or
 * closed and then received from another process. Its port ID usually tells. */
static bool has_unknown(uint8_t family, uint64_t network, uint32_t port_id)
{
	uint32_t first = port_id_of(family, getpid(), 0);

	return port_id != first && !peers_find(first, network) &&
	       nfqueue_has(first, network);
}

/* Whether the process has another socket like this. With ip_queue a second one failed, as
 * the port ID of both was the process id. */
static bool is_second(const struct ip_queue *q, int fd, uint32_t port_id)
{
	const struct settings *s = &q->settings;
	uint64_t network = nfqueue_network(fd);

	return has_unknown(q->family, network, port_id) ||
	       peers_has_other(q->family, network, s->queue, s->queue_last, port_id);
}

static int open_and_enter(struct ip_queue *q, int type, bool again)
{
	uint32_t port_id;
	int fd, error;

	fd = open_socket(q->family, type, &port_id);
	if (fd < 0)
		return -1;
	if (!again && is_second(q, fd, port_id)) {
		errno = EADDRINUSE;
	} else if (nfqueue_probe(q->settings.queue) == NFQUEUE_ABSENT) {
		if (q->settings.debug)
			debug_absent();
		errno = EPROTONOSUPPORT;
	} else if (!enter(q, fd, port_id) && !make_batch(q, true, true)) {
		settle(q, fd, getpid());
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
	q->family = family;
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
		fd = open_and_enter(q, type, again);
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

	memset(q, 0, sizeof(*q));
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
		settle(q, fd, process);
		q->peer->shown = process;
	}
	return 0;
}

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

/* Puts a request that the kernel refuses, with EPERM if another socket owns the queue. It
 * is on several packets, as Linux up to 3.18 checked the owner first only for those. */
static void put_invalid(struct ip_queue *q, const struct request *r,
			enum refusal refusal, struct kernel_request *out)
{
	translate_verdict(out, r, refusal, q->peer->number,
			  &(struct verdict) { .value = IMPOSSIBLE_VERDICT,
					      .all_before = true });
}

static APART void put_mode(struct ip_queue *q, int fd, const struct request *r,
			   enum refusal refusal, struct kernel_request *out)
{
	if (r->body.msg.mode.value > IPQ_COPY_MAX) {
		put_invalid(q, r, refusal, out);
		return;
	}
	if (r->body.msg.mode.value != IPQ_COPY_NONE)
		size_rcvbuf(q, fd, &r->body.msg.mode);
	if (q->peer->owner) {
		q->peer->mode = r->body.msg.mode.value;
		q->peer->range = r->body.msg.mode.range;
		claims_set_mode(q->peer, fd);
	}
	translate_mode(out, r, refusal, q->peer->number);
}

/* The length of the payload of a verdict, in bytes. */
static size_t payload_len(const struct request *r, const void *payload)
{
	return payload ? r->nlh.nlmsg_len - sizeof(*r) : 0;
}

/* Whether the payload replaces the packet. For ip_queue its length had to be data_len,
 * and at least that of an IP header. */
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

/* Puts a verdict on a queue that another socket owns. It is an impossible one: Linux up
 * to 3.18 would accept a possible one. */
static void put_foreign(struct ip_queue *q, const struct request *r, enum refusal refusal,
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
		put_invalid(q, r, refusal, out);
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
	if (!q->peer->owner && is_request(r, IPQM_VERDICT))
		put_foreign(q, r, refusal, payload, &out);
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

static void flush(struct ip_queue *q, int fd)
{
	if (q->batch && batch_lock(q->batch)) {
		verdicts_flush(batch_verdicts(q->batch), fd);
		batch_unlock(q->batch);
	}
}

/* Requests keep their order: held verdicts go before a request that cannot be held. */
static APART int hold_or_send(struct ip_queue *q, int fd, const struct request *r,
			      const void *payload, const uint32_t *mark)
{
	struct verdicts *v = batch_verdicts(q->batch);
	uint16_t queue = q->peer->number;
	uint32_t id = find_id(q->peer, r->body.msg.verdict.id, &queue);
	bool verdict;
	int failed;

	/* without this lock, as a claim may take that of the other family's batch */
	if (q->peer->owner != OWNER_CLAIMED) {
		flush(q, fd);
		return send_request(q, fd, r, payload, mark);
	}
	if (!batch_lock(q->batch))
		return send_request(q, fd, r, payload, mark);
	/* after a verdict that will be refused the packet still has none */
	verdict = is_request(r, IPQM_VERDICT) &&
		  translate_verdict_known(r->body.msg.verdict.value);
	if (verdict && q->peer->owner && is_plain(r, payload, mark) &&
	    ids_decide(&v->ids, queue, id)) {
		failed = verdicts_put(v, fd, r, queue, id, batch_verdicts_max(q->batch));
	} else {
		failed = verdicts_flush(v, fd) || send_request(q, fd, r, payload, mark);
		if (verdict && !failed)
			ids_decide(&v->ids, queue, id);
	}
	batch_leave(q->batch, fd);
	return failed ? -1 : 0;
}

static EVERY_PACKET int send_any(struct ip_queue *q, int fd, const struct request *r,
				 const void *payload, const uint32_t *mark)
{
	if (payload && is_request(r, IPQM_VERDICT) && cannot_be_sent(q, fd, r, payload)) {
		errno = EMSGSIZE;
		return -1;
	}
	return q->batch ? hold_or_send(q, fd, r, payload, mark) :
			  send_request(q, fd, r, payload, mark);
}

static APART int trace_and_send(struct ip_queue *q, int fd, const struct request *r,
				const void *payload, const uint32_t *mark)
{
	int failed = send_any(q, fd, r, payload, mark);

	trace_request(q->trace, r, payload, mark, failed);
	return failed;
}

int ip_queue_request(struct ip_queue *q, int fd, const struct request *r,
		     const void *payload, const uint32_t *mark)
{
	return q->trace ? trace_and_send(q, fd, r, payload, mark) :
			  send_any(q, fd, r, payload, mark);
}

int ip_queue_refuse(struct ip_queue *q, int fd, const struct request *r,
		    enum refusal refusal)
{
	struct kernel_request out;

	flush(q, fd);
	if (q->trace)
		trace_note(q->trace, "a malformed request");
	kernel_request_init(&out);
	put_invalid(q, r, refusal, &out);
	return nfqueue_send(fd, &out);
}

int ip_queue_close(struct ip_queue *q, int fd)
{
	struct peer *p = q->peer;
	int result, saved;

	flush(q, fd);
	peers_close(p);
	if (!p->owner || !p->is_private)
		return close(fd);
	peers_lock();
	result = close(fd);
	saved = errno;
	claims_end(p);
	peers_unlock();
	errno = saved;
	return result;
}
