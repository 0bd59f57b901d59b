/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: flood PACKETS SIZE [PORT [both]]
 *
 * Sends PACKETS UDP datagrams with SIZE bytes of payload to PORT (9) of 127.0.0.1, or
 * alternately to that and ::1, as fast as possible, and receives those that arrive:
 * without a socket to receive it, each would cost an ICMP error. It sends and receives
 * several in a system call, so that it is faster than any program that decides on them. It
 * uses many sockets, as packets that wait in a queue remain charged to theirs; few with
 * "both", so that no queue becomes full. With PACKETS 0, sends until it is killed or its parent ends, a
 * minute at most. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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

static int connected(const void *to, int family)
{
	socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) :
					    sizeof(struct sockaddr_in6);
	int fd = socket(family, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, to, len)) {
		perror("flood: socket");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	static char data[0x10000];
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(argc > 3 ? atoi(argv[3]) : 9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6,
		.sin6_port = to.sin_port,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr_in6 all = { .sin6_family = AF_INET6, .sin6_port = to.sin_port };
	bool both = argc > 4;
	int reader = socket(both ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	unsigned int sockets = both ? SOCKETS_BOTH : SOCKETS;
	unsigned long packets, size;
	int fd[SOCKETS];
	struct iovec iov = { .iov_base = data };
	struct mmsghdr msgs[AT_ONCE] = { 0 };

	if (argc < 3) {
		fprintf(stderr, "usage: flood PACKETS SIZE [PORT [both]]\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(60);
	if (both ? bind(reader, (struct sockaddr *)&all, sizeof(all)) :
		   bind(reader, (struct sockaddr *)&to, sizeof(to))) {
		perror("flood: bind");
		return 1;
	}
	packets = strtoul(argv[1], NULL, 10);
	size = strtoul(argv[2], NULL, 10);
	if (size > sizeof(data))
		size = sizeof(data);
	for (unsigned int i = 0; i < AT_ONCE; i++)
		msgs[i].msg_hdr = (struct msghdr) { .msg_iov = &iov, .msg_iovlen = 1 };
	for (unsigned int i = 0; i < sockets; i++)
		fd[i] = both && i % 2 ? connected(&to6, AF_INET6) : connected(&to, AF_INET);
	iov.iov_len = size;
	for (unsigned long i = 0, sent = 0; packets == 0 || sent < packets; i++) {
		unsigned int n = both ? 1 : AT_ONCE;

		if (packets && packets - sent < n)
			n = packets - sent;
		sendmmsg(fd[i % sockets], msgs, n, 0);
		sent += n;
		if (both ? i % SOCKETS == 0 : i % 8 == 0)
			drain(reader);
	}
	return 0;
}
