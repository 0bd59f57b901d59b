/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the measured programs: their arguments, and the figures that they print at
 * the end. Knows nothing of how packets are read. */
#ifndef BENCH_CONSUMER_H
#define BENCH_CONSUMER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/resource.h>

struct consumer {
	unsigned long packets;	/* number to decide on */
	unsigned int range;	/* bytes to copy, 0 for metadata only */
	unsigned int verdict;	/* NF_* */
	unsigned long seen;
	uint64_t bytes;		/* payload bytes seen */
	uint64_t cpu, wall;	/* ns at the first packet */
	uint64_t ended;		/* wall time after the last packet; 0: now */
	/* uses the metadata, so that reading it is not optimized away */
	uint64_t sink;
};

static uint64_t consumer_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* The CPU time of this process and of its children that have ended. */
static uint64_t consumer_cpu(void)
{
	struct rusage children = { 0 };

	getrusage(RUSAGE_CHILDREN, &children);
	return consumer_clock(CLOCK_PROCESS_CPUTIME_ID) +
	       (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000000000ULL +
	       (children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1000ULL;
}

/* Returns the greatest resident size the process has had, in KiB. */
static unsigned long consumer_peak(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long kib = 0;
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmHWM: %lu", &kib) == 1)
			break;
	if (status)
		fclose(status);
	return kib;
}

/* Reads the arguments and prints that the program is ready. With PACKETS 0, exits: this
 * shows that it can start. */
static struct consumer consumer_start(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: %s PACKETS RANGE VERDICT\n", argv[0]);
		exit(2);
	}
	puts("ready");
	fflush(stdout);
	if (atol(argv[1]) == 0)
		exit(0);
	return (struct consumer) {
		.packets = atol(argv[1]),
		.range = atoi(argv[2]),
		.verdict = atoi(argv[3]),
	};
}

static inline void consumer_first(struct consumer *c)
{
	c->bytes = 0;
	c->cpu = consumer_cpu();
	c->wall = consumer_clock(CLOCK_MONOTONIC);
}

/* Prints for all packets but the first: their number, CPU time, wall time and bytes; and
 * the peak memory. */
static inline void consumer_report(const struct consumer *c)
{
	uint64_t cpu = consumer_cpu() - c->cpu;
	uint64_t wall = (c->ended ? c->ended : consumer_clock(CLOCK_MONOTONIC)) - c->wall;

	printf("%lu %llu %llu %llu %lu\n", c->packets - 1, (unsigned long long)cpu,
	       (unsigned long long)wall, (unsigned long long)c->bytes, consumer_peak());
}

/* Counts a packet and its payload. Returns whether more packets are to come. */
static inline int consumer_more(struct consumer *c, size_t bytes)
{
	c->bytes += bytes;
	if (++c->seen == 1)
		consumer_first(c);
	if (c->seen < c->packets)
		return 1;
	consumer_report(c);
	return 0;
}

#endif
