/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: waiting PACKETS...
 *
 * Measures the cost of a verdict while PACKETS packets wait. Prints for each number the
 * ns for a verdict on the oldest packet, and on the newest; medians of many rounds. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/netfilter.h>
#include <libipq.h>

#define PACKETS_MAX 32768
#define PER_SOCKET 128	/* waiting packets remain charged to their socket */
/* verdicts in a round, so few that the number of waiting packets hardly changes */
#define TIMED_MAX 256
#define ROUNDS_MAX 2048
#define ROUNDS_MIN 9

static int fds[PACKETS_MAX / PER_SOCKET];
static ipq_id_t ids[PACKETS_MAX];

static void die(const char *what)
{
	ipq_perror(what);
	exit(1);
}

/* Returns CPU time, so that other programs do not count. */
static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* Returns the cost of reading the clock. */
static double clock_cost(void)
{
	double least = 1e9;

	for (int i = 0; i < 1000; i++) {
		double ns = now();

		ns = now() - ns;
		if (ns < least)
			least = ns;
	}
	return least;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static ipq_id_t read_id(struct ipq_handle *h)
{
	unsigned char buf[4096];

	if (ipq_read(h, buf, sizeof(buf), 5000000) <= 0 ||
	    ipq_message_type(buf) != IPQM_PACKET)
		die("waiting: not all packets were queued");
	return ipq_get_packet(buf)->packet_id;
}

/* Queues as many packets at a time as fit into the receive buffer of an
 * unprivileged user. */
static void queue_packets(struct ipq_handle *h, int n)
{
	for (int i = 0; i < n; i += PER_SOCKET) {
		int end = i + PER_SOCKET < n ? i + PER_SOCKET : n;

		for (int k = i; k < end; k++)
			if (send(fds[i / PER_SOCKET], "", 1, MSG_DONTWAIT) < 0)
				die("waiting: send");
		for (int k = i; k < end; k++)
			ids[k] = read_id(h);
	}
}

static void drop(struct ipq_handle *h, ipq_id_t id)
{
	if (ipq_set_verdict(h, id, NF_DROP, 0, NULL) < 0)
		die("waiting: verdict");
}

/* Returns ns per verdict. No packets remain in the queue. */
static double answer(struct ipq_handle *h, int n, int newest_first, double overhead)
{
	int timed = n < TIMED_MAX ? n : TIMED_MAX;
	int first = newest_first ? 0 : timed;
	double ns = now();

	for (int i = 0; i < timed; i++)
		drop(h, ids[newest_first ? n - 1 - i : i]);
	ns = now() - ns - overhead;
	for (int i = 0; i < n - timed; i++)
		drop(h, ids[first + i]);
	return ns / timed;
}

static double median(struct ipq_handle *h, int n, int newest_first)
{
	static double ns[ROUNDS_MAX];
	double overhead = clock_cost();
	int rounds = ROUNDS_MAX / n;

	if (rounds < ROUNDS_MIN)
		rounds = ROUNDS_MIN;
	for (int i = 0; i < rounds; i++) {
		queue_packets(h, n);
		ns[i] = answer(h, n, newest_first, overhead);
	}
	qsort(ns, rounds, sizeof(*ns), compare);
	return ns[rounds / 2];
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct ipq_handle *h;

	setenv("LIBIPQ_MAXLEN", "65536", 1);
	h = ipq_create_handle(0, PF_INET);
	if (!h || ipq_set_mode(h, IPQ_COPY_META, 0) < 0)
		die("waiting");
	for (int i = 0; i < PACKETS_MAX / PER_SOCKET; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (fds[i] < 0 || connect(fds[i], (struct sockaddr *)&to, sizeof(to)))
			die("waiting: socket");
	}
	for (int i = 1; i < argc; i++) {
		int n = atoi(argv[i]);
		double oldest, newest;

		if (n < 1 || n > PACKETS_MAX) {
			fprintf(stderr, "waiting: %s: 1 to %d\n", argv[i], PACKETS_MAX);
			return 2;
		}
		oldest = median(h, n, 0);
		newest = median(h, n, 1);
		printf("%d %.0f %.0f\n", n, oldest, newest);
	}
	ipq_destroy_handle(h);
	return 0;
}
