/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: flood PACKETS SIZE
 * Sends PACKETS UDP datagrams of SIZE bytes of payload to port 9 of 127.0.0.1,
 * as fast as they go; from several sockets, since packets that wait in a queue
 * stay charged to theirs. PACKETS 0: until it is killed, or its parent is gone. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define SOCKETS 16

int main(int argc, char **argv)
{
	static char data[0x10000];
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd[SOCKETS];
	unsigned long packets;

	if (argc != 3) {
		fprintf(stderr, "usage: flood PACKETS SIZE\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	packets = strtoul(argv[1], NULL, 10);
	for (int i = 0; i < SOCKETS; i++)
		fd[i] = socket(AF_INET, SOCK_DGRAM, 0);
	for (unsigned long i = 0; packets == 0 || i < packets; i++)
		sendto(fd[i % SOCKETS], data, atoi(argv[2]), 0,
		       (struct sockaddr *)&to, sizeof(to));
	return 0;
}
