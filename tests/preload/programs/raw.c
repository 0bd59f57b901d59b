/* SPDX-License-Identifier: GPL-2.0-or-later */
/* raw PROTOCOL TYPE BIND RECEIVE SEND: accepts one packet, with netlink calls as told by
 * the arguments. BIND is "bind" or "-". */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "old.h"

static union old_message m;

static ssize_t by_recv(int fd)
{
	return recv(fd, &m, sizeof(m), 0);
}

static ssize_t by_recvfrom(int fd)
{
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	ssize_t n;

	memset(&from, 0xff, sizeof(from));
	n = recvfrom(fd, &m, sizeof(m), 0, (struct sockaddr *)&from, &len);
	check(len == 12 && from.nl_family == AF_NETLINK);
	check(from.nl_pid == 0 && from.nl_groups == 0);
	return n;
}

static ssize_t by_iov(int fd, struct iovec *iov, int count)
{
	struct sockaddr_nl from;
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = iov, .msg_iovlen = count,
	};
	ssize_t n;

	memset(&from, 0xff, sizeof(from));
	n = recvmsg(fd, &msg, 0);
	check(msg.msg_namelen == 12 && from.nl_family == AF_NETLINK);
	check(from.nl_pid == 0 && from.nl_groups == 0);
	check(msg.msg_flags == 0 && msg.msg_controllen == 0);
	return n;
}

static ssize_t by_recvmsg(int fd)
{
	struct iovec iov = { &m, sizeof(m) };

	return by_iov(fd, &iov, 1);
}

/* header, message and payload in separate buffers */
static const struct iovec parts[] = {
	{ &m, sizeof(struct nlmsghdr) },
	{ &m.packet.msg, sizeof(ipq_packet_msg_t) },
	{ &m.packet.msg + 1, sizeof(m) - sizeof(m.packet) },
};

static ssize_t by_recvmsg_in_parts(int fd)
{
	return by_iov(fd, (struct iovec *)parts, 3);
}

static ssize_t by_recvmmsg(int fd)
{
	struct iovec iov = { &m, sizeof(m) }, unused = { &m, 0 };
	struct mmsghdr msgs[2] = {
		{ .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &unused, .msg_iovlen = 1 } },
	};

	check(recvmmsg(fd, msgs, 2, MSG_WAITFORONE, NULL) == 1);
	return msgs[0].msg_len;
}

/* The time is looked at after each message, and is over after the first. */
static ssize_t by_recvmmsg_in_time(int fd)
{
	struct iovec iov = { &m, sizeof(m) }, unused = { &m, 0 };
	struct timespec ns = { .tv_nsec = 1 };
	struct mmsghdr msgs[2] = {
		{ .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &unused, .msg_iovlen = 1 } },
	};

	check(recvmmsg(fd, msgs, 2, 0, &ns) == 1);
	return msgs[0].msg_len;
}

static ssize_t by_read(int fd)
{
	return read(fd, &m, sizeof(m));
}

static ssize_t by_readv(int fd)
{
	return readv(fd, parts, 3);
}

/* The C library may lack these functions. */
static ssize_t by_preadv2(int fd)
{
	return syscall(SYS_preadv2, fd, parts, 3, -1L, -1L, 0);
}

static ssize_t by_peek(int fd)
{
	check(recv(fd, &m, sizeof(m.nlh), MSG_PEEK) == sizeof(m.nlh));
	return recv(fd, &m, m.nlh.nlmsg_len, MSG_WAITALL);
}

static ssize_t by_select(int fd)
{
	struct timeval wait = { .tv_sec = SECONDS_MAX };
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(fd, &readable);
	check(select(fd + 1, &readable, NULL, NULL, &wait) == 1);
	return recv(fd, &m, sizeof(m), MSG_DONTWAIT);
}

static ssize_t by_poll(int fd)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	check(poll(&readable, 1, -1) == 1 && readable.revents == POLLIN);
	return recv(fd, &m, sizeof(m), MSG_DONTWAIT);
}

static ssize_t by_epoll(int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(0);
	ssize_t n;

	check(epoll >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	check(epoll_wait(epoll, &event, 1, -1) == 1 && event.events == EPOLLIN);
	n = recv(fd, &m, sizeof(m), MSG_DONTWAIT);
	check(recv(fd, &m, 0, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	return n;
}

static struct old_request r;

static ssize_t with_send(int fd)
{
	struct sockaddr_nl to = old_kernel;

	check(!connect(fd, (struct sockaddr *)&to, sizeof(to)));
	return send(fd, &r, sizeof(r), 0);
}

static ssize_t with_sendto(int fd)
{
	return sendto(fd, &r, sizeof(r), 0, (const struct sockaddr *)&old_kernel,
		      sizeof(old_kernel));
}

static ssize_t with_iov(int fd, struct iovec *iov, int count)
{
	struct msghdr msg = {
		.msg_name = (void *)&old_kernel, .msg_namelen = sizeof(old_kernel),
		.msg_iov = iov, .msg_iovlen = count,
	};

	return sendmsg(fd, &msg, 0);
}

static ssize_t with_sendmsg(int fd)
{
	struct iovec iov = { &r, sizeof(r) };

	return with_iov(fd, &iov, 1);
}

static ssize_t with_sendmmsg(int fd)
{
	struct iovec iov = { &r, sizeof(r) };
	struct mmsghdr msg = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };

	check(sendmmsg(fd, &msg, 1, 0) == 1);
	return msg.msg_len;
}

static ssize_t with_write(int fd)
{
	return write(fd, &r, sizeof(r));
}

/* Sends the payload back with its first letter changed to a capital. */
static int replacement(struct iovec iov[3])
{
	ipq_packet_msg_t *packet = &m.packet.msg;
	size_t len;
	char *text = old_text(packet, &len);
	unsigned char *sum = (unsigned char *)text - 2;
	unsigned int checksum = (sum[0] << 8 | sum[1]) + (('a' - 'A') << 8);

	text[0] -= 'a' - 'A';
	checksum = (checksum & 0xffff) + (checksum >> 16);
	sum[0] = checksum >> 8;
	sum[1] = checksum;
	r.nlh.nlmsg_len += packet->data_len;
	r.body.msg.verdict.data_len = packet->data_len;
	iov[0] = (struct iovec) { &r.nlh, sizeof(r.nlh) };
	iov[1] = (struct iovec) { &r.body, sizeof(r.body) };
	iov[2] = (struct iovec) { packet->payload, packet->data_len };
	return 3;
}

static ssize_t with_sendmsg_in_parts(int fd)
{
	struct iovec iov[3];

	return with_iov(fd, iov, replacement(iov));
}

/* The payload is in two buffers. */
static int replacement_in_four(struct iovec iov[4])
{
	static char rest[64];

	replacement(iov);
	iov[3] = (struct iovec) { rest, iov[2].iov_len - 21 };
	check(iov[3].iov_len <= sizeof(rest));
	memcpy(rest, (char *)iov[2].iov_base + 21, iov[3].iov_len);
	memset((char *)iov[2].iov_base + 21, 0, iov[3].iov_len);
	iov[2].iov_len = 21;
	return 4;
}

static ssize_t with_writev(int fd)
{
	struct iovec iov[4];

	return writev(fd, iov, replacement_in_four(iov));
}

static ssize_t with_pwritev2(int fd)
{
	struct iovec iov[4];

	return syscall(SYS_pwritev2, fd, iov, replacement_in_four(iov), -1L, -1L, 0);
}

static const struct way {
	const char *name;
	ssize_t (*go)(int fd);
} ways[] = {
	{ "recv", by_recv },
	{ "recvfrom", by_recvfrom },
	{ "recvmsg", by_recvmsg },
	{ "recvmsg-in-parts", by_recvmsg_in_parts },
	{ "recvmmsg", by_recvmmsg },
	{ "recvmmsg-in-time", by_recvmmsg_in_time },
	{ "read", by_read },
	{ "readv", by_readv },
	{ "preadv2", by_preadv2 },
	{ "peek", by_peek },
	{ "select", by_select },
	{ "poll", by_poll },
	{ "epoll", by_epoll },
	{ "send", with_send },
	{ "sendto", with_sendto },
	{ "sendmsg", with_sendmsg },
	{ "sendmsg-in-parts", with_sendmsg_in_parts },
	{ "sendmmsg", with_sendmmsg },
	{ "write", with_write },
	{ "writev", with_writev },
	{ "pwritev2", with_pwritev2 },
};

static ssize_t go(const char *name, int fd)
{
	size_t i = 0;

	while (strcmp(ways[i].name, name))
		check(++i < sizeof(ways) / sizeof(ways[0]));
	return ways[i].go(fd);
}

#define PATTERN 0xcc

/* Behind the first n bytes. */
static void check_untouched(ssize_t n)
{
	for (size_t i = n; i < sizeof(m); i++)
		check(m.bytes[i] == PATTERN);
}

static void print(ssize_t n)
{
	ipq_packet_msg_t *packet = old_packet(&m, n);
	size_t len;
	char *text = old_text(packet, &len);

	check((size_t)n == NLMSG_ALIGN(sizeof(m.packet) + packet->data_len));
	check(m.nlh.nlmsg_len == (size_t)n && m.nlh.nlmsg_flags == 0);
	check(m.nlh.nlmsg_seq == 0 && m.nlh.nlmsg_pid == 0);
	printf("hook %u, in '%s', out '%s', %lu bytes: %.*s\n", packet->hook,
	       packet->indev_name, packet->outdev_name,
	       (unsigned long)packet->data_len, (int)len, text);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	ssize_t n;
	int fd;

	old_limit();
	check(argc == 6);
	fd = old_open(atoi(argv[1]), atoi(argv[2]));
	if (!strcmp(argv[3], "bind"))
		old_bind(fd);
	old_mode(fd, IPQ_COPY_PACKET, 0);
	say("ready");
	memset(&m, PATTERN, sizeof(m));
	n = go(argv[4], fd);
	check_untouched(n);
	print(n);
	r = old_verdict_request(m.packet.msg.packet_id, NF_ACCEPT, 0);
	check(go(argv[5], fd) == (ssize_t)r.nlh.nlmsg_len);
	memset(&m, PATTERN, sizeof(m));
	check(recv(fd, &m, sizeof(m), MSG_DONTWAIT) == -1 && errno == EAGAIN);
	check_untouched(0);
	return 0;
}
