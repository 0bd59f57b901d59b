/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: round-trip PACKETS SIZE
 *
 * Sends UDP datagrams with SIZE bytes of payload to itself, port 9 of 127.0.0.1, each
 * when the one before has arrived. Prints the median and the 99th percentile, in ns. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	static char data[0x10000];
	struct sockaddr_in self = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	size_t packets = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	uint64_t *ns = calloc(packets, sizeof(*ns));

	if (packets == 0) {
		fprintf(stderr, "usage: round-trip PACKETS SIZE\n");
		return 2;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (!ns || bind(fd, (struct sockaddr *)&self, sizeof(self)) ||
	    connect(fd, (struct sockaddr *)&self, sizeof(self))) {
		perror("round-trip");
		return 1;
	}
	for (size_t i = 0; i < packets; i++) {
		uint64_t started = now();

		if (send(fd, data, atoi(argv[2]), 0) < 0 ||
		    recv(fd, data, sizeof(data), 0) < 0) {
			perror("round-trip: no packet");
			return 1;
		}
		ns[i] = now() - started;
	}
	qsort(ns, packets, sizeof(*ns), compare);
	printf("%llu %llu\n", (unsigned long long)ns[packets / 2],
	       (unsigned long long)ns[packets * 99 / 100]);
	free(ns);
	return 0;
}
