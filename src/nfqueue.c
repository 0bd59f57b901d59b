/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens a NETLINK_NETFILTER socket, sends to it, receives from it, and asks the kernel
 * about it. Knows nfnetlink, and nothing of ip_queue. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>

#include "nfqueue.h"
#include "proc_net.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif
#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894c
#endif

/* The default limit of Linux (fs.nr_open). */
#define DESCRIPTORS_MAX (1 << 20)

unsigned int nfqueue_receive_many(int fd, struct mmsghdr *msgs, unsigned int n)
{
	int saved = errno;
	int got = recvmmsg(fd, msgs, n, MSG_DONTWAIT, NULL);

	errno = saved;
	/* netlink has no empty messages: fd is another socket now */
	return got < 0 || !msgs->msg_len ? 0 : got;
}

bool nfqueue_lost(int fd, uint32_t *lost)
{
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t len = sizeof(info);
	int saved = errno;
	bool can_tell = !getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) &&
			len > SK_MEMINFO_DROPS * sizeof(*info);

	errno = saved;
	if (can_tell)
		*lost = info[SK_MEMINFO_DROPS];
	return can_tell;
}

bool nfqueue_has_message(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int saved = errno;
	bool has = poll(&p, 1, 0) > 0 && p.revents & POLLIN;

	errno = saved;
	return has;
}

void nfqueue_discard(int fd)
{
	int saved = errno;

	recv(fd, NULL, 0, MSG_DONTWAIT);
	errno = saved;
}

/* Copies the rest first: the destination of the other pieces may overlap it. */
size_t nfqueue_copy(const struct nfqueue_datagram *d, size_t offset, size_t n,
		    unsigned char *to)
{
	const struct {
		const unsigned char *at;
		size_t start, end;
	} piece[] = {
		{ d->rest, d->head_len, d->head_len + d->rest_len },
		{ d->head, 0, d->head_len },
		{ d->spill, d->head_len + d->rest_len,
		  d->head_len + d->rest_len + sizeof(d->spill) },
	};
	size_t end = piece[2].end < d->len ? piece[2].end : d->len;

	if (offset >= end)
		return 0;
	if (n < end - offset)
		end = offset + n;
	for (int i = 0; i < 3; i++) {
		size_t from = piece[i].start > offset ? piece[i].start : offset;
		size_t until = piece[i].end < end ? piece[i].end : end;

		if (from < until)
			memmove(to + (from - offset), piece[i].at + (from - piece[i].start),
				until - from);
	}
	return end - offset;
}

int nfqueue_send_with_payload(int fd, const struct kernel_request *request)
{
	struct iovec iov[] = {
		{ .iov_base = (void *)request->buf, .iov_len = request->len },
		{ .iov_base = (void *)request->payload,
		  .iov_len = request->payload_len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	return sendmsg(fd, &msg, 0) < 0 ? -1 : 0;
}

uint32_t nfqueue_port_id(int fd)
{
	struct sockaddr_nl local = { .nl_pid = 0 };
	socklen_t len = sizeof(local);
	int saved = errno;

	getsockname(fd, (struct sockaddr *)&local, &len);
	errno = saved;
	return local.nl_family == AF_NETLINK ? local.nl_pid : 0;
}

/* Asks the kernel: since Linux 5.14 by the socket option, since 4.10 by a descriptor of
 * the namespace, for which CAP_NET_ADMIN in that namespace is needed. */
static bool ask_network(int fd, uint64_t *network)
{
	socklen_t len = sizeof(*network);
	struct stat st;
	int ns;

	if (!getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, network, &len))
		return true;
	ns = errno == ENOPROTOOPT ? ioctl(fd, SIOCGSKNS) : -1;
	if (ns < 0)
		return false;
	*network = fstat(ns, &st) ? 0 : st.st_ino;
	close(ns);
	return true;
}

uint64_t nfqueue_network(int fd)
{
	int saved = errno;
	uint64_t network;

	/* otherwise assume that it is the thread's namespace */
	if (!ask_network(fd, &network))
		network = proc_net_number();
	errno = saved;
	return network;
}

uint64_t nfqueue_here(void)
{
	int saved = errno;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	uint64_t network = fd < 0 ? 0 : nfqueue_network(fd);

	if (fd >= 0)
		close(fd);
	errno = saved;
	return network;
}

bool nfqueue_is_here(uint64_t network)
{
	uint64_t here = nfqueue_here();

	return !here || here == network;
}

bool nfqueue_port_id_unused(uint32_t port_id, uint64_t network)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK, .nl_pid = port_id };
	int saved = errno;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	bool unused = fd >= 0 && nfqueue_network(fd) == network &&
		      !bind(fd, (struct sockaddr *)&local, sizeof(local));

	if (fd >= 0)
		close(fd);
	errno = saved;
	return unused;
}

/* For a supervised program, its descriptors are searched instead of those of this
 * process. */
int nfqueue_find(uint32_t port_id, uint64_t network)
{
#ifdef SUPERVISE
	return served_socket(port_id, network);
#else
	struct rlimit limit = { .rlim_cur = 0 };

	/* a higher one exists only if the limit has been lowered since it was opened */
	getrlimit(RLIMIT_NOFILE, &limit);
	for (rlim_t fd = 0; fd < limit.rlim_cur && fd < DESCRIPTORS_MAX; fd++)
		if (nfqueue_port_id(fd) == port_id && nfqueue_network(fd) == network)
			return fd;
	return -1;
#endif
}

/* Discards messages that other processes sent between bind and connect, which are a full
 * receive buffer at most. */
static void empty(int fd)
{
	int saved = errno;

	for (int i = 0; i < 1000 && recv(fd, NULL, 0, MSG_DONTWAIT) >= 0; i++)
		;
	errno = saved;
}

/*
 * The socket is connected to the kernel, so that it accepts messages from the kernel only
 * (netlink_getsockbyportid refuses other senders). Other processes can neither wake up
 * the program nor fill its receive buffer. mnl_socket_open is not used because it
 * allocates a struct that cannot be freed without closing the descriptor, which belongs
 * to the program.
 */
int nfqueue_open(int type, uint32_t port_id)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK, .nl_pid = port_id };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, type, NETLINK_NETFILTER);
	int error;

	if (fd < 0)
		return -1;
	if (!bind(fd, (struct sockaddr *)&local, sizeof(local)) &&
	    !connect(fd, (struct sockaddr *)&kernel, sizeof(kernel))) {
		empty(fd);
		return fd;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

void nfqueue_drop_when_full(int fd)
{
	int on = 1;

	setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof(on));
}

void nfqueue_stamp(int fd)
{
	int on = 1;

	/* nfqnl_build_packet_message reports skb->tstamp, which the kernel sets only
	 * while some socket has requested timestamps */
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on));
}

static int get_rcvbuf(int fd)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len);
	return bytes / 2;	/* the kernel doubles the value (socket(7)) */
}

int nfqueue_set_rcvbuf(int fd, int bytes, bool grow)
{
	if (grow && get_rcvbuf(fd) >= bytes)
		return get_rcvbuf(fd);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return get_rcvbuf(fd);
}

void nfqueue_set_maxlen(int fd, uint16_t queue, uint32_t maxlen, uint32_t range)
{
	uint64_t bytes = (uint64_t)maxlen * (range + NFQUEUE_HEAD_MAX);
	_Alignas(struct nlmsghdr) char buf[64];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, queue);

	nfq_nlmsg_cfg_put_qmaxlen(nlh, maxlen);
	nfqueue_set_rcvbuf(fd, bytes < INT_MAX / 2 ? bytes : INT_MAX / 2, true);
	send(fd, nlh, nlh->nlmsg_len, 0);
}
