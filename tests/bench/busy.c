/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: busy [ROUNDS]
 *
 * A program that uses libipq as old ones did, and computes for ROUNDS rounds on each
 * packet. When its standard input ends, it begins to decide on the packets that have come
 * until then, and ends when all are decided. Prints their number, the times when the
 * first was read and the last decided on, and the CPU time between (ns). Without ROUNDS:
 * prints the number of rounds that takes 20 microseconds. */
#include <linux/netfilter.h>
#include <libipq.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RANGE 128
#define QUIET 200000		/* microseconds; it ends if no packet comes for so long */

#define SAMPLES 101
#define SAMPLE_ROUNDS 100000

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Each round depends on the result of the one before, so that they cannot overlap. */
static uint64_t compute(uint64_t x, unsigned long rounds)
{
	while (rounds--) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

/* Uses the fastest of the samples, which other programs have disturbed least. */
static unsigned long calibrate(void)
{
	uint64_t best = UINT64_MAX, started, taken;

	for (int i = 0; i < SAMPLES; i++) {
		started = now(CLOCK_PROCESS_CPUTIME_ID);
		compute(i, SAMPLE_ROUNDS);
		taken = now(CLOCK_PROCESS_CPUTIME_ID) - started;
		best = taken < best ? taken : best;
	}
	return 20000ULL * SAMPLE_ROUNDS / best;
}

int main(int argc, char **argv)
{
	static unsigned char buf[0x10000];
	unsigned long rounds, packets = 0;
	uint64_t first = 0, last = 0, cpu = 0, cpu_last = 0, sum = 0;
	struct ipq_handle *h;
	ipq_packet_msg_t *m;
	char byte;

	if (argc < 2) {
		printf("%lu\n", calibrate());
		return 0;
	}
	rounds = strtoul(argv[1], NULL, 10);
	h = ipq_create_handle(0, PF_INET);
	if (!h || ipq_set_mode(h, IPQ_COPY_PACKET, RANGE) < 0) {
		ipq_perror(argv[0]);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	while (ipq_read(h, buf, sizeof(buf), QUIET) > 0) {
		if (ipq_message_type(buf) != IPQM_PACKET)
			return 1;
		if (packets++ == 0) {
			first = now(CLOCK_MONOTONIC);
			cpu = now(CLOCK_PROCESS_CPUTIME_ID);
		}
		m = ipq_get_packet(buf);
		sum = compute(sum + m->payload[0], rounds);
		ipq_set_verdict(h, m->packet_id, NF_ACCEPT, 0, NULL);
		last = now(CLOCK_MONOTONIC);
		cpu_last = now(CLOCK_PROCESS_CPUTIME_ID);
	}
	printf("%lu %llu %llu %llu\n", packets, (unsigned long long)first,
	       (unsigned long long)last, (unsigned long long)(cpu_last - cpu));
	ipq_destroy_handle(h);
	return 0;
}
