/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: flood SIZE [PORT [apart|both]]
 *
 * Sends UDP datagrams with SIZE bytes of payload to PORT (9) of 127.0.0.1, or with "both"
 * alternately to that and ::1, as fast as possible, and receives those that arrive: without a
 * socket to receive it, each would cost an ICMP error. It sends and receives several in a
 * system call, so that it is faster than any program that decides on them. Without "apart"
 * and "both" the kernel cuts large messages into datagrams before it queues them, which is
 * faster still, but these have no hardware address on INPUT. Many sockets are used, as packets
 * that wait in a queue remain charged to theirs; few with "both", so that no queue becomes
 * full. Runs until it is killed or its parent ends, a minute at most. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS 64
#define SOCKETS_BOTH 4

/* The number of datagrams sent at once, and received. */
#define AT_ONCE 16
#define DRAINED_AT_ONCE 128

static void drain(int fd)
{
	static struct mmsghdr msgs[DRAINED_AT_ONCE];

	while (recvmmsg(fd, msgs, DRAINED_AT_ONCE, MSG_DONTWAIT, NULL) == DRAINED_AT_ONCE)
		;
}

/* The greatest number of datagrams in a message, and its greatest length. */
#define SEGMENTS 64
#define MESSAGE_MAX 65000

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103		/* since Linux 4.18 */
#endif

/* Has the kernel cut messages to fd into datagrams of this size (UDP_SEGMENT in udp(7)):
 * a message passes through the network stack once, up to the queue. Returns the number of
 * datagrams in a message. */
static unsigned int cut(int fd, int size)
{
	int most = size ? MESSAGE_MAX / size : 1;

	if (most < 2 || setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)))
		return 1;
	return most < SEGMENTS ? most : SEGMENTS;
}

/* Connected only to one address: otherwise each datagram has its own. */
static int sender(const struct sockaddr_in *to)
{
	int fd = socket(to ? AF_INET : AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0 || (to && connect(fd, (const struct sockaddr *)to, sizeof(*to)))) {
		perror("flood: socket");
		exit(1);
	}
	return fd;
}

static int receiver(const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, address, len)) {
		perror("flood: bind");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	static char data[0x10000];
	size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	in_port_t port = htons(argc > 2 ? atoi(argv[2]) : 9);
	struct sockaddr_in to = { AF_INET, port, { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 to_both[2] = {
		{ AF_INET6, port, 0, { .s6_addr = { [10] = 0xff, 0xff, 127, [15] = 1 } } },
		{ AF_INET6, port, 0, IN6ADDR_LOOPBACK_INIT },
	};
	struct sockaddr_in6 all = { .sin6_family = AF_INET6, .sin6_port = port };
	bool both = argc > 3 && !strcmp(argv[3], "both");
	unsigned int sockets = both ? SOCKETS_BOTH : SOCKETS, segments = 1;
	struct iovec iov = { .iov_base = data };
	struct mmsghdr msgs[AT_ONCE] = { 0 };
	int fd[SOCKETS], reader;

	if (argc < 2 || size > sizeof(data)) {
		fprintf(stderr, "usage: flood SIZE [PORT [apart|both]]\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(60);
	reader = both ? receiver((struct sockaddr *)&all, sizeof(all)) :
			receiver((struct sockaddr *)&to, sizeof(to));
	for (unsigned int i = 0; i < AT_ONCE; i++)
		msgs[i].msg_hdr = (struct msghdr) {
			.msg_name = both ? &to_both[i % 2] : NULL,
			.msg_namelen = both ? sizeof(*to_both) : 0,
			.msg_iov = &iov,
			.msg_iovlen = 1,
		};
	for (unsigned int i = 0; i < sockets; i++) {
		fd[i] = sender(both ? NULL : &to);
		if (argc < 4)
			segments = cut(fd[i], size);
	}
	iov.iov_len = segments * size;
	for (unsigned int i = 0;; i++) {
		sendmmsg(fd[i % sockets], msgs, segments > 1 ? 1 : AT_ONCE, 0);
		drain(reader);
	}
}
