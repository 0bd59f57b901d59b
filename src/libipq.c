/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq's functions: handles, waiting, return values and error codes are those of the
 * old library. Does not know what packets and requests mean (ip_queue.c). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <unistd.h>
#include <sys/socket.h>
#include <libipq.h>

#include "clock.h"
#include "elsewhere.h"
#include "error.h"
#include "export.h"
#include "handle.h"

static enum ipq_error open_error(int error)
{
	switch (error) {
	case EINVAL:
		return IPQ_ERR_HANDLE;
	case EADDRINUSE:
		return IPQ_ERR_BIND;
	default:
		return IPQ_ERR_SOCKET;
	}
}

static bool make_handle(struct ipq_handle *h, struct ip_queue *q)
{
	h->local.nl_family = AF_NETLINK;
	h->local.nl_pid = getpid();
	h->peer.nl_family = AF_NETLINK;
	q->peer->shown = h->local.nl_pid;
	if (handle_enter(h, q))
		return true;
	ip_queue_close(q, h->fd);
	ip_queue_end_trace(q);
	return false;
}

/*
 * Creates a handle for IPv4 (protocol PF_INET) or IPv6 (PF_INET6). flags are ignored. The
 * first request, which usually is ipq_set_mode, claims the queue number. A process may
 * have several handles of the same family if their queue numbers differ.
 *
 * Returns NULL on failure. ipq_errstr and errno are then one of "Invalid protocol
 * specified": errno is not changed; "Unable to create netlink handle": ENOMEM, or EINVAL
 * if a LIBIPQ_* setting is invalid, with a line on stderr; "Unable to create netlink
 * socket": EPROTONOSUPPORT if the kernel lacks nfnetlink_queue, or an error of socket(2);
 * "Unable to bind netlink socket": EADDRINUSE if the process has a handle of the same
 * family and queue number.
 */
EXPORT struct ipq_handle *(ipq_create_handle)(uint32_t flags, uint32_t protocol)
{
	struct ipq_handle *h;
	struct ip_queue q;
	int saved = errno;

	if (elsewhere())
		return elsewhere()->create_handle(flags, protocol);
	if (protocol != PF_INET && protocol != PF_INET6) {
		ipq_error_set(IPQ_ERR_PROTOCOL);
		return NULL;
	}
	h = calloc(1, sizeof(*h));
	if (!h) {
		ipq_error_set(IPQ_ERR_HANDLE);
		return NULL;
	}
	h->fd = ip_queue_open(&q, protocol, SOCK_RAW, false);
	if (h->fd < 0 || !make_handle(h, &q)) {
		saved = errno;
		ipq_error_set(open_error(saved));
		free(h);
		errno = saved;
		return NULL;
	}
	errno = saved;
	return h;
}

/*
 * Closes the handle and frees h. h may be NULL, or a copy of the struct if it was
 * allocated with malloc(3). Packets that wait for a verdict are dropped, unless a forked
 * process has the descriptor open too. Returns 0.
 */
EXPORT int ipq_destroy_handle(struct ipq_handle *h)
{
	int saved = errno;
	struct ip_queue *q;

	if (elsewhere())
		return elsewhere()->destroy_handle(h);
	if (h) {
		q = queue_of(h);
		if (q) {
			handle_forget(q);
			ip_queue_close(q, h->fd);
			ip_queue_end_trace(q);
			free(q);
		} else {
			close(h->fd);
		}
		free(h);
	}
	errno = saved;
	return 0;
}

/* Also sets padding between the members to zero, because it is sent too, and an error
 * message returns it to the program. */
static void begin_request(struct request *r, const struct ipq_handle *h,
			  uint16_t type, size_t len)
{
	memset(r, 0, sizeof(*r));
	r->nlh.nlmsg_len = len;
	r->nlh.nlmsg_type = type;
	r->nlh.nlmsg_flags = NLM_F_REQUEST;
	r->nlh.nlmsg_pid = h->local.nl_pid;
}

/*
 * Sets the mode: no packets (IPQ_COPY_NONE), metadata only (IPQ_COPY_META), or packets
 * (IPQ_COPY_PACKET). range is the copy range for packets in bytes, 0 for whole packets.
 * Claims the queue number if it is free.
 *
 * Returns the length of the request as the old library sent it (56 bytes, or 44 if long
 * has 32 bits), or -1, with ipq_errstr "Failed to send netlink message" and errno of
 * sendmsg(2). If the kernel refuses the request, ipq_read returns a message of type
 * NLMSG_ERROR: EINVAL for an unknown mode, EBUSY if another program owns the queue, EPERM
 * without CAP_NET_ADMIN.
 */
EXPORT int ipq_set_mode(const struct ipq_handle *h, uint8_t mode, size_t range)
{
	struct ip_queue *q = queue_of(h);
	struct request r;

	if (!q && elsewhere())
		return elsewhere()->set_mode(h, mode, range);
	/* the old library counted the header twice */
	begin_request(&r, h, IPQM_MODE, NLMSG_LENGTH(sizeof(r)));
	r.body.msg.mode.value = mode;
	r.body.msg.mode.range = range;
	if (!q || ip_queue_request(q, h->fd, &r, NULL, NULL)) {
		ipq_error_set(IPQ_ERR_SEND);
		return -1;
	}
	return r.nlh.nlmsg_len;
}

static EVERY_PACKET int send_verdict(struct ip_queue *q, const struct ipq_handle *h,
				     ipq_id_t id, unsigned int verdict, const uint32_t *mark,
				     size_t data_len, const unsigned char *buf)
{
	size_t payload_len = buf ? data_len : 0;
	struct request r;

	if (payload_len > INT32_MAX) {
		errno = EMSGSIZE;
		ipq_error_set(IPQ_ERR_SEND);
		return -1;
	}
	begin_request(&r, h, IPQM_VERDICT, sizeof(r) + payload_len);
	r.body.msg.verdict.value = verdict;
	r.body.msg.verdict.id = id;
	r.body.msg.verdict.data_len = data_len;
	if (ip_queue_request(q, h->fd, &r, buf, mark)) {
		ipq_error_set(IPQ_ERR_SEND);
		return -1;
	}
	return r.nlh.nlmsg_len;
}

/* For a handle that queue_noted does not know. */
static APART int find_and_send_verdict(const struct ipq_handle *h, ipq_id_t id,
				       unsigned int verdict, const uint32_t *mark,
				       size_t data_len, const unsigned char *buf)
{
	unsigned char *data = (unsigned char *)buf;
	struct ip_queue *q = handle_find(h);

	if (q)
		return send_verdict(q, h, id, verdict, mark, data_len, buf);
	if (elsewhere() && mark)
		return elsewhere()->set_vwmark(h, id, verdict, *mark, data_len, data);
	if (elsewhere())
		return elsewhere()->set_verdict(h, id, verdict, data_len, data);
	ipq_error_set(IPQ_ERR_SEND);
	return -1;
}

static EVERY_PACKET int set_verdict(const struct ipq_handle *h, ipq_id_t id,
				    unsigned int verdict, const uint32_t *mark,
				    size_t data_len, const unsigned char *buf)
{
	struct ip_queue *q = queue_noted(h);

	return q ? send_verdict(q, h, id, verdict, mark, data_len, buf) :
		   find_and_send_verdict(h, id, verdict, mark, data_len, buf);
}

/*
 * Gives a verdict on the packet with this id: NF_DROP, NF_ACCEPT, NF_QUEUE (queue it
 * again), NF_REPEAT or NF_STOP. If buf is not NULL and data_len is at least the length of
 * an IP header (20 bytes, for IPv6 40), the data_len bytes at buf replace the packet, and
 * nothing in them is corrected, not even checksums. More than 65,535 bytes drop the
 * packet.
 *
 * Returns the length of the request as the old library sent it (40 bytes, or 28 if long
 * has 32 bits, plus data_len if buf is not NULL), or -1, with ipq_errstr "Failed to send
 * netlink message" and errno of sendmsg(2). EMSGSIZE is also the error for 65,532 to
 * 65,535 bytes, which the kernel cannot accept; the packet stays queued. If the kernel
 * refuses the request, ipq_read returns a message of type NLMSG_ERROR: ENOENT for an
 * unknown id, EINVAL for an unknown verdict, EBUSY, EPERM.
 */
EXPORT int ipq_set_verdict(const struct ipq_handle *h, ipq_id_t id,
			   unsigned int verdict, size_t data_len,
			   unsigned char *buf)
{
	return set_verdict(h, id, verdict, NULL, data_len, buf);
}

/*
 * Like ipq_set_verdict, and sets the packet's mark to the lower 32 bits of nfmark.
 */
EXPORT int ipq_set_vwmark(const struct ipq_handle *h, ipq_id_t id,
			  unsigned int verdict, unsigned long nfmark,
			  size_t data_len, unsigned char *buf)
{
	uint32_t mark = nfmark;

	return set_verdict(h, id, verdict, &mark, data_len, buf);
}

/* Writes a line to the trace about a read that returns no message. */
static void note(const struct ip_queue *q, const char *what)
{
	if (q && q->trace)
		trace_note(q->trace, what);
}

/* After a timed read that found no message before it waited, this number of reads at most
 * do not look for one first. */
#define PATIENCE_MAX 255

/* Whether a timed read should look for a message before it waits for one, which saves a
 * system call if one is there. It probably is if the last read that looked found one. */
static bool is_likely_there(struct ip_queue *q)
{
	unsigned int skip = atomic_load_explicit(&q->skip, memory_order_relaxed);

	if (!skip || ip_queue_holds_message(q))
		return true;
	atomic_store_explicit(&q->skip, skip - 1, memory_order_relaxed);
	return false;
}

static void note_found(struct ip_queue *q, bool found)
{
	unsigned int patience = atomic_load_explicit(&q->patience, memory_order_relaxed);

	patience = found ? 0 : patience < PATIENCE_MAX ? 2 * patience + 1 : PATIENCE_MAX;
	atomic_store_explicit(&q->patience, patience, memory_order_relaxed);
	atomic_store_explicit(&q->skip, patience, memory_order_relaxed);
}

static ssize_t nothing_in_time(const struct ip_queue *q)
{
	note(q, "read: nothing came in time");
	ipq_error_set(IPQ_ERR_TIMEOUT);
	return 0;
}

/* Waits for a message first, for timeout_us at most, which is positive. Another thread may
 * receive the message, or it may not be for the program. */
static ssize_t wait_and_receive(struct ip_queue *q, int socket, void *buf, size_t len,
				int timeout_us)
{
	int64_t left = timeout_us * INT64_C(1000), deadline = clock_ns() + left;
	struct pollfd fd = { .fd = socket, .events = POLLIN };
	struct timespec limit;
	int saved = errno, ready;
	ssize_t n;

	for (; left > 0; left = deadline - clock_ns()) {
		limit = (struct timespec) { left / CLOCK_NS_PER_S, left % CLOCK_NS_PER_S };
		ready = ppoll(&fd, 1, &limit, NULL);
		if (ready < 0) {
			note(q, "read ended by a signal or an error");
			return errno == EINTR ? 0 : -1;
		}
		if (ready == 0)
			break;
		n = ip_queue_receive(q, socket, buf, len, MSG_DONTWAIT);
		if (n >= 0 || errno != EAGAIN)
			return n;
		errno = saved;
	}
	return nothing_in_time(q);
}

/* Returns the length of a message; 0 and IPQ_ERR_TIMEOUT if none arrives in time; 0
 * without an error code if a signal arrives; or -1. */
static APART ssize_t receive_within(struct ip_queue *q, int socket, void *buf, size_t len,
				    int timeout_us)
{
	int saved = errno;
	ssize_t n;

	if (timeout_us > 0 && !is_likely_there(q))
		return wait_and_receive(q, socket, buf, len, timeout_us);
	n = ip_queue_receive(q, socket, buf, len, MSG_DONTWAIT);
	if (timeout_us > 0)
		note_found(q, n >= 0);
	if (n >= 0 || errno != EAGAIN)
		return n;
	errno = saved;
	return timeout_us > 0 ? wait_and_receive(q, socket, buf, len, timeout_us) :
				nothing_in_time(q);
}

static APART ssize_t failed(void)
{
	if (errno == ECANCELED) {
		ipq_error_set(IPQ_ERR_ENDED);
		return 0;
	}
	ipq_error_set(IPQ_ERR_RECV);
	return -1;
}

/* Call if the message did not fit. If LIBIPQ_TRUNCATED decides on the packet, returns the
 * next message instead; with a timeout, returns 0 if none is there. */
static APART ssize_t pass_over(struct ip_queue *q, int socket, void *buf, size_t len,
			       int timeout, ssize_t n)
{
	int saved = errno;

	n = ip_queue_pass_over(q, socket, buf, len, timeout ? MSG_DONTWAIT : 0, n);
	if (n < 0 && timeout && errno == EAGAIN) {
		errno = saved;
		ipq_error_set(IPQ_ERR_TIMEOUT);
		return 0;
	}
	if (n < 0)
		return failed();
	if ((size_t)n > len) {
		ipq_error_set(IPQ_ERR_RTRUNC);
		return -1;
	}
	return n;
}

static EVERY_PACKET ssize_t read_message(struct ip_queue *q, int socket, void *buf, size_t len,
					 int timeout)
{
	ssize_t n = timeout ? receive_within(q, socket, buf, len, timeout) :
			      ip_queue_receive(q, socket, buf, len, 0);

	if (n < 0)
		return failed();
	if ((size_t)n > len)
		return pass_over(q, socket, buf, len, timeout, n);
	return n;
}

/* For a handle that queue_noted does not know. */
static APART ssize_t find_and_read(const struct ipq_handle *h, unsigned char *buf, size_t len,
				   int timeout)
{
	struct ip_queue *q = handle_find(h);

	if (q)
		return read_message(q, h->fd, buf, len, timeout);
	return elsewhere() ? elsewhere()->read(h, buf, len, timeout) : failed();
}

/* Call if the buffer is too small for any message. The read fails whether or not h is a
 * valid handle. */
static APART ssize_t too_small(const struct ipq_handle *h, unsigned char *buf, size_t len,
			       int timeout)
{
	int saved = errno;

	if (elsewhere())
		return find_and_read(h, buf, len, timeout);
	note(h ? queue_of(h) : NULL, "read: the buffer is too small");
	errno = saved;
	ipq_error_set(IPQ_ERR_RECVBUF);
	return -1;
}

/*
 * Waits for a message and writes it to buf, which has room for len bytes. The message is
 * a packet (ipq_get_packet) or an error (ipq_get_msgerr); ipq_message_type tells which.
 * timeout is in microseconds; 0 waits without limit, a negative value does not wait. May
 * be called by several threads. Waits in recvmsg(2) or, with a timeout, in ppoll(2).
 *
 * Returns the length of the message in bytes. Returns 0 if none arrived in time
 * (ipq_errstr "Timeout"), if a signal arrived while it waited with a timeout (errno
 * EINTR), or if the program has ended the read with IPQ_CTL_END_READS ("Reading ended",
 * errno ECANCELED). Returns -1 on failure, with ipq_errstr "Receive buffer size invalid":
 * len is less than 20, and nothing was read; "Received message truncated": len is too
 * small. buf has the first len bytes, and the others are lost. The packet is still
 * queued, and a verdict on it can be given. If LIBIPQ_TRUNCATED is accept or drop, the
 * library gives this verdict, and continues with the next message; "Failed to receive
 * netlink message": errno of recvmsg(2), among them EINTR and, if the descriptor is
 * non-blocking, EAGAIN.
 */
EXPORT ssize_t ipq_read(const struct ipq_handle *h, unsigned char *buf,
			size_t len, int timeout)
{
	struct ip_queue *q;

	if (len < sizeof(struct nlmsgerr))
		return too_small(h, buf, len, timeout);
	q = queue_noted(h);
	return q ? read_message(q, h->fd, buf, len, timeout) :
		   find_and_read(h, buf, len, timeout);
}

/* Returns the type of the message: IPQM_PACKET or NLMSG_ERROR. */
EXPORT int ipq_message_type(const unsigned char *buf)
{
	struct nlmsghdr nlh;

	memcpy(&nlh, buf, sizeof(nlh));
	return nlh.nlmsg_type;
}

/* Returns the packet in a message of type IPQM_PACKET, or in a copy of such a message. It
 * is within buf. */
EXPORT ipq_packet_msg_t *ipq_get_packet(const unsigned char *buf)
{
	return (ipq_packet_msg_t *)(buf + NLMSG_HDRLEN);
}

/* Returns the errno in a message of type NLMSG_ERROR, as a positive number. */
EXPORT int ipq_get_msgerr(const unsigned char *buf)
{
	int error;

	memcpy(&error, buf + NLMSG_HDRLEN, sizeof(error));
	return -error;
}
