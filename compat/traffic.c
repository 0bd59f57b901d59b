/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sendmsg(2) and recvmsg(2) on a socket that stands for an ip_queue one: old
 * messages in the caller's buffers, translated on the way. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "traffic.h"
#include "wire.h"

/* Longer than any message ip_queue gave; more room changes nothing. */
#define MESSAGE_MAX 0x20000

/* Room for one message in one piece. malloc may not be called here: the program
 * may be in a signal handler. */
struct scratch {
	unsigned char here[4096];
	void *data;
	size_t size;
};

static int scratch_take(struct scratch *scratch, size_t size)
{
	scratch->size = size;
	scratch->data = scratch->here;
	if (size <= sizeof(scratch->here))
		return 0;
	scratch->data = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (scratch->data != MAP_FAILED)
		return 0;
	errno = ENOBUFS;
	return -1;
}

static void scratch_give(struct scratch *scratch)
{
	int saved = errno;

	if (scratch->data != scratch->here)
		munmap(scratch->data, scratch->size);
	errno = saved;
}

/* The kernel answers a bad address with EFAULT; the ones programs really pass
 * by mistake are NULL and its neighbours. */
static bool is_address(const void *p)
{
	return (uintptr_t)p >= 4096;
}

/* Bytes in all buffers together, or -1 and errno as import_iovec. */
static ssize_t total_len(const struct msghdr *msg)
{
	size_t total = 0;

	if (!is_address(msg) || (msg->msg_iovlen && !is_address(msg->msg_iov))) {
		errno = EFAULT;
		return -1;
	}
	if (msg->msg_iovlen > IOV_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	for (size_t i = 0; i < msg->msg_iovlen; i++) {
		const struct iovec *iov = &msg->msg_iov[i];

		if (iov->iov_len > SSIZE_MAX - total) {
			errno = EINVAL;
			return -1;
		}
		total += iov->iov_len;
	}
	return total;
}

/* Copies n bytes from offset of the buffers, or to it; -1 and EFAULT. */
static int copy(const struct msghdr *msg, size_t offset, size_t n, void *to,
		const void *from)
{
	for (size_t i = 0; i < msg->msg_iovlen && n; i++) {
		const struct iovec *iov = &msg->msg_iov[i];
		size_t some = iov->iov_len > offset ? iov->iov_len - offset : 0;

		if (some > n)
			some = n;
		if (some && !is_address(iov->iov_base)) {
			errno = EFAULT;
			return -1;
		}
		if (some && to)
			to = mempcpy(to, (char *)iov->iov_base + offset, some);
		if (some && from) {
			memcpy((char *)iov->iov_base + offset, from, some);
			from = (const char *)from + some;
		}
		n -= some;
		offset = iov->iov_len > offset ? 0 : offset - iov->iov_len;
	}
	return 0;
}

/* Where n bytes from offset stand in one piece, NULL if they do not. */
static const void *in_one_piece(const struct msghdr *msg, size_t offset, size_t n)
{
	for (size_t i = 0; i < msg->msg_iovlen; i++) {
		const struct iovec *iov = &msg->msg_iov[i];

		if (offset < iov->iov_len)
			return n <= iov->iov_len - offset ?
			       (char *)iov->iov_base + offset : NULL;
		offset -= iov->iov_len;
	}
	return NULL;
}

/* The destination, as netlink_sendmsg looks at it. */
static int check_destination(const struct msghdr *msg)
{
	struct sockaddr_nl to;

	if (!msg->msg_name || !msg->msg_namelen)
		return 0;
	if (!is_address(msg->msg_name)) {
		errno = EFAULT;
		return -1;
	}
	if (msg->msg_namelen < sizeof(to)) {
		errno = EINVAL;
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

static int send_request(struct ipq_socket *s, int fd, const struct msghdr *msg,
			const struct request *r)
{
	struct scratch scratch;
	const void *payload;
	size_t len = 0;
	int result;

	if (r->nlh.nlmsg_len > sizeof(*r))
		len = r->nlh.nlmsg_len - sizeof(*r);
	payload = len ? in_one_piece(msg, sizeof(*r), len) : NULL;
	if (!len || payload)
		return ip_queue_request(&s->queue, fd, r, payload, NULL);
	if (scratch_take(&scratch, len))
		return -1;
	result = copy(msg, sizeof(*r), len, scratch.data, NULL);
	if (!result)
		result = ip_queue_request(&s->queue, fd, r, scratch.data, NULL);
	scratch_give(&scratch);
	return result;
}

ssize_t traffic_send(struct ipq_socket *s, int fd, const struct msghdr *msg, int flags)
{
	ssize_t total = total_len(msg);
	unsigned char head[sizeof(struct request)];
	size_t have;
	struct request r;
	int result = 0;

	if (total < 0)
		return -1;
	if (flags & MSG_OOB) {
		errno = EOPNOTSUPP;
		return -1;
	}
	have = (size_t)total < sizeof(head) ? (size_t)total : sizeof(head);
	if (check_destination(msg) || copy(msg, 0, have, head, NULL))
		return -1;
	sockets_autobind(s);
	switch (wire_read(head, have, total, &r)) {
	case WIRE_REQUEST:
		result = send_request(s, fd, msg, &r);
		break;
	case WIRE_MALFORMED:
		result = ip_queue_refuse(&s->queue, fd, &r);
		break;
	case WIRE_IGNORED:
		break;
	}
	return result ? -1 : total;
}

/* Several buffers: the message is translated in one piece, then dealt out. */
static ssize_t receive_scattered(struct ipq_socket *s, int fd, struct msghdr *msg,
				 size_t total, int flags)
{
	size_t size = total < MESSAGE_MAX ? total : MESSAGE_MAX;
	struct scratch scratch;
	ssize_t n;

	if (scratch_take(&scratch, size))
		return -1;
	n = ip_queue_receive(&s->queue, fd, scratch.data, size, flags);
	if (n > 0 && copy(msg, 0, (size_t)n < size ? (size_t)n : size, NULL, scratch.data))
		n = -1;
	scratch_give(&scratch);
	return n;
}

ssize_t traffic_receive(struct ipq_socket *s, int fd, struct msghdr *msg, int flags)
{
	ssize_t total = total_len(msg), n;

	if (total < 0)
		return -1;
	if (msg->msg_iovlen == 1)
		n = ip_queue_receive(&s->queue, fd, msg->msg_iov[0].iov_base, total,
				     flags & ~MSG_TRUNC);
	else
		n = receive_scattered(s, fd, msg, total, flags & ~MSG_TRUNC);
	if (n < 0)
		return -1;
	if (msg->msg_name)
		sockets_put_address(0, msg->msg_name, &msg->msg_namelen);
	msg->msg_controllen = 0;
	msg->msg_flags = n > total ? MSG_TRUNC : 0;
	return n > total && !(flags & MSG_TRUNC) ? total : n;
}
