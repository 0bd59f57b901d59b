/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sendmsg(2) and recvmsg(2) on a socket that the program takes for one of ip_queue:
 * translates the old messages in the program's buffers. */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "program.h"
#include "traffic.h"
#include "wire.h"

/* Larger than any message of ip_queue. A larger buffer makes no difference. */
#define MESSAGE_MAX 0x20000

/* The number of buffers. msg_iovlen is an int in some C libraries. */
static size_t buffers(const struct msghdr *msg)
{
	return msg->msg_iovlen;
}

/* Returns the number of bytes in all buffers; or -1 and errno, as
 * import_iovec in the kernel. */
static ssize_t total_len(const struct msghdr *msg)
{
	size_t total = 0;

	if (!program_describes(msg, sizeof(*msg))) {
		errno = EFAULT;
		return -1;
	}
	if (buffers(msg) > IOV_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if (!program_describes(msg->msg_iov, buffers(msg) * sizeof(msg->msg_iov[0]))) {
		errno = EFAULT;
		return -1;
	}
	for (size_t i = 0; i < buffers(msg); i++) {
		const struct iovec *iov = &msg->msg_iov[i];

		if (iov->iov_len > SSIZE_MAX - total) {
			errno = EINVAL;
			return -1;
		}
		total += iov->iov_len;
	}
	return total;
}

/* Not pointer arithmetic, as the program may have passed any address. */
static void *place(const struct iovec *iov, size_t offset)
{
	return (void *)((uintptr_t)iov->iov_base + offset);
}

/* Copies n bytes at offset of the buffers, to "to" or from "from". Returns -1 and
 * EFAULT on failure. */
static int copy(const struct msghdr *msg, size_t offset, size_t n, void *to,
		const void *from)
{
	for (size_t i = 0; i < buffers(msg) && n; i++) {
		const struct iovec *iov = &msg->msg_iov[i];
		size_t some = iov->iov_len > offset ? iov->iov_len - offset : 0;

		if (some > n)
			some = n;
		if (some && to) {
			if (program_get(to, place(iov, offset), some))
				return -1;
			to = (char *)to + some;
		}
		if (some && from) {
			if (program_put(place(iov, offset), from, some))
				return -1;
			from = (const char *)from + some;
		}
		n -= some;
		offset = iov->iov_len > offset ? 0 : offset - iov->iov_len;
	}
	return 0;
}

/* Returns a pointer to n bytes at offset if they are in one buffer that can be used
 * directly, else NULL. */
static const void *in_one_piece(const struct msghdr *msg, size_t offset, size_t n)
{
	for (size_t i = 0; i < buffers(msg); i++) {
		const struct iovec *iov = &msg->msg_iov[i];

		if (offset < iov->iov_len)
			return n <= iov->iov_len - offset && program_is_here() ?
			       place(iov, offset) : NULL;
		offset -= iov->iov_len;
	}
	return NULL;
}

/* Checks the destination like netlink_sendmsg in the kernel. */
static int check_destination(const struct msghdr *msg)
{
	struct sockaddr_nl to;

	if (!msg->msg_name || !msg->msg_namelen)
		return 0;
	if (msg->msg_namelen < sizeof(to)) {
		errno = EINVAL;
		return -1;
	}
	if (!program_describes(msg->msg_name, sizeof(to))) {
		errno = EFAULT;
		return -1;
	}
	memcpy(&to, msg->msg_name, sizeof(to));
	if (to.nl_family != AF_NETLINK) {
		errno = EINVAL;
		return -1;
	}
	if (to.nl_groups || to.nl_pid) {
		errno = to.nl_groups ? EPERM : ECONNREFUSED;
		return -1;
	}
	return 0;
}

/* Carries out the request in the datagram. payload is NULL if it is not in one piece. */
static int pass_on(struct ipq_socket *s, int fd, enum wire wire,
		   const struct request *r, const void *payload)
{
	if (program_has_made(s, r))
		return 0;
	netlink_autobind(s);
	if (wire == WIRE_REQUEST)
		return ip_queue_request(&s->queue, fd, r, payload, NULL);
	if (wire == WIRE_IGNORED)
		return 0;
	return ip_queue_refuse(&s->queue, fd, r, wire == WIRE_CUT_OFF ? REFUSAL_IS_ECOMM :
			       REFUSAL_IS_EINVAL);
}

/* As netlink_sendmsg in the kernel, which allows a datagram of up to 32 bytes less
 * than the send buffer. The kernel checks what is sent on to it; a datagram longer
 * than any sensible request may not be. A descriptor that is no socket has a send
 * buffer of 0 here. */
static bool fits_sndbuf(int fd, size_t len)
{
	socklen_t size = sizeof(int);
	int bytes = 0;

	if (len <= UINT16_MAX)
		return true;
	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &size);
	return len + 32 <= (size_t)bytes;
}

/* If the datagram is no request, the descriptor may have become something else
 * than our socket. */
static int check(int fd, enum wire wire, size_t len, int flags)
{
	if (wire != WIRE_REQUEST && !program_has_socket(fd)) {
		errno = ENOTSOCK;
		return -1;
	}
	if (flags & MSG_OOB) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (!fits_sndbuf(fd, len)) {
		errno = EMSGSIZE;
		return -1;
	}
	return 0;
}

ssize_t traffic_send_one(struct ipq_socket *s, int fd, const void *buf, size_t len,
			 int flags)
{
	struct request r;
	size_t have = len < sizeof(r) ? len : sizeof(r);
	enum wire wire;

	if (!program_describes(buf, have)) {
		errno = EFAULT;
		return -1;
	}
	wire = wire_read(buf, have, len, &r);
	if (check(fd, wire, len, flags) ||
	    pass_on(s, fd, wire, &r, len > sizeof(r) && r.nlh.nlmsg_len > sizeof(r) ?
		    (const char *)buf + sizeof(r) : NULL))
		return -1;
	return len;
}

static int send_gathered(struct ipq_socket *s, int fd, const struct msghdr *msg,
			 const struct request *r)
{
	size_t len = r->nlh.nlmsg_len - sizeof(*r);
	struct scratch scratch;
	int result;

	if (scratch_take(&scratch, len))
		return -1;
	result = copy(msg, program_request_size(), len, scratch.data, NULL);
	if (!result)
		result = pass_on(s, fd, WIRE_REQUEST, r, scratch.data);
	scratch_give(&scratch);
	return result;
}

ssize_t traffic_send(struct ipq_socket *s, int fd, const struct msghdr *msg, int flags)
{
	ssize_t total = total_len(msg);
	const void *payload = NULL;
	unsigned char head[sizeof(struct request)];
	struct request r;
	enum wire wire;
	size_t have;
	int result;

	if (total < 0)
		return -1;
	have = program_request_size();
	if ((size_t)total < have)
		have = total;
	if (copy(msg, 0, have, head, NULL))
		return -1;
	wire = wire_read(head, have, total, &r);
	program_widen(&r);
	if (check(fd, wire, total, flags) || check_destination(msg))
		return -1;
	if (wire == WIRE_REQUEST && r.nlh.nlmsg_len > sizeof(r)) {
		payload = in_one_piece(msg, sizeof(r), r.nlh.nlmsg_len - sizeof(r));
		if (!payload) {
			result = send_gathered(s, fd, msg, &r);
			return result ? -1 : total;
		}
	}
	return pass_on(s, fd, wire, &r, payload) ? -1 : total;
}

/* Receives into several buffers, or into memory that cannot be written to directly: the
 * message is received in one piece and copied. */
static ssize_t receive_scattered(struct ipq_socket *s, int fd, struct msghdr *msg,
				 size_t total, int flags)
{
	size_t size = total < MESSAGE_MAX && program_is_here() ? total : MESSAGE_MAX;
	size_t have, less;
	const void *message;
	struct scratch scratch;
	ssize_t n;

	if (scratch_take(&scratch, size))
		return -1;
	n = program_receive(s, fd, scratch.data, size, total < size ? total : size, flags);
	if (n > 0) {
		have = (size_t)n < size ? (size_t)n : size;
		message = scratch.data;
		less = program_narrow(&message, have);
		n = copy(msg, 0, have - less, NULL, message) ? -1 : n - (ssize_t)less;
	}
	scratch_give(&scratch);
	return n;
}

ssize_t traffic_receive_one(struct ipq_socket *s, int fd, void *buf, size_t len,
			    int flags)
{
	ssize_t n = program_receive(s, fd, buf, len, len, flags & ~MSG_TRUNC);

	return n > 0 && (size_t)n > len && !(flags & MSG_TRUNC) ? (ssize_t)len : n;
}

ssize_t traffic_receive(struct ipq_socket *s, int fd, struct msghdr *msg, int flags)
{
	ssize_t total = total_len(msg), n;

	if (total < 0)
		return -1;
	if (msg->msg_iovlen == 1 && program_is_here())
		n = traffic_receive_one(s, fd, msg->msg_iov[0].iov_base, total,
					flags | MSG_TRUNC);
	else
		n = receive_scattered(s, fd, msg, total, flags & ~MSG_TRUNC);
	if (n < 0)
		return -1;
	if (msg->msg_name && !program_describes(msg->msg_name, 1)) {
		errno = EFAULT;
		return -1;
	}
	if (msg->msg_name)
		netlink_put_address(0, msg->msg_name, &msg->msg_namelen);
	msg->msg_controllen = 0;
	msg->msg_flags = n > total ? MSG_TRUNC : 0;
	return n > total && !(flags & MSG_TRUNC) ? total : n;
}
