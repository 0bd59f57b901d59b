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

int main(int argc, char **argv)
{
	static char data[0x10000];
	in_port_t port = htons(argc > 3 ? atoi(argv[3]) : 9);
	struct sockaddr_in to = { AF_INET, port, { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 to_both[2] = {
		{ AF_INET6, port, 0, { .s6_addr = { [10] = 0xff, 0xff, 127, [15] = 1 } } },
		{ AF_INET6, port, 0, IN6ADDR_LOOPBACK_INIT },
	};
	struct sockaddr_in6 all = { .sin6_family = AF_INET6, .sin6_port = port };
	bool both = argc > 4;
	int reader = socket(both ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	unsigned int sockets = both ? SOCKETS_BOTH : SOCKETS, n = AT_ONCE;
	struct iovec iov = { .iov_base = data };
	struct mmsghdr msgs[AT_ONCE] = { 0 };
	unsigned long packets, size;
	int fd[SOCKETS];

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
	iov.iov_len = size < sizeof(data) ? size : sizeof(data);
	for (unsigned int i = 0; i < AT_ONCE; i++)
		msgs[i].msg_hdr = (struct msghdr) {
			.msg_name = both ? &to_both[i % 2] : NULL,
			.msg_namelen = both ? sizeof(*to_both) : 0,
			.msg_iov = &iov,
			.msg_iovlen = 1,
		};
	for (unsigned int i = 0; i < sockets; i++)
		fd[i] = sender(both ? NULL : &to);
	for (unsigned long i = 0, sent = 0; packets == 0 || sent < packets; i++, sent += n) {
		if (packets && packets - sent < AT_ONCE)
			n = packets - sent;
		sendmmsg(fd[i % sockets], msgs, n, 0);
		drain(reader);
	}
	return 0;
}
