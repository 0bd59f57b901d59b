/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: scatter PACKETS ADDRESSES
 *
 * Sends PACKETS small UDP datagrams to port 9 of ADDRESSES addresses of this host, in
 * turn. No socket sends many: packets that wait in a queue remain charged to theirs. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define EACH 64

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	unsigned long packets, addresses;
	int fd = -1;

	if (argc != 3) {
		fprintf(stderr, "usage: scatter PACKETS ADDRESSES\n");
		return 2;
	}
	packets = strtoul(argv[1], NULL, 10);
	addresses = strtoul(argv[2], NULL, 10);
	for (unsigned long i = 0; i < packets; i++) {
		if (i % EACH == 0) {
			close(fd);
			fd = socket(AF_INET, SOCK_DGRAM, 0);
		}
		to.sin_addr.s_addr = htonl(0x7f010001 + i % addresses);
		if (sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) != 1) {
			perror("scatter");
			return 1;
		}
	}
	return 0;
}
