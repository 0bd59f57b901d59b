/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: flood PACKETS SIZE [PORT [both]]
 *
 * Sends PACKETS UDP datagrams with SIZE bytes of payload to PORT (9) of 127.0.0.1, or
 * alternately to that and ::1, as fast as possible, and receives those that arrive:
 * without a socket to receive it, each would cost an ICMP error. It uses many sockets, as
 * packets that wait in a queue remain charged to theirs; few with "both", so that no
 * queue becomes full. With PACKETS 0, sends until it is killed or its parent ends, a
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

static void drain(int fd)
{
	for (int i = 0; i < 2 * SOCKETS; i++)
		if (recv(fd, NULL, 0, MSG_DONTWAIT | MSG_TRUNC) < 0)
			return;
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
	for (unsigned int i = 0; i < sockets; i++)
		fd[i] = both && i % 2 ? connected(&to6, AF_INET6) : connected(&to, AF_INET);
	for (unsigned long i = 0; packets == 0 || i < packets; i++) {
		send(fd[i % sockets], data, size, 0);
		if (i % SOCKETS == SOCKETS - 1)
			drain(reader);
	}
	return 0;
}
