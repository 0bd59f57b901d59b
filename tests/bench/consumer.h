/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the measured programs share: their arguments, and their own CPU time
 * from the first packet to the last. */
#ifndef BENCH_CONSUMER_H
#define BENCH_CONSUMER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct consumer {
	unsigned int packets;	/* to decide on */
	unsigned int range;	/* bytes to copy, 0 for metadata only */
	unsigned int verdict;	/* NF_* */
	unsigned int seen;
	uint64_t started;	/* ns of CPU time at the first packet */
	uint64_t sink;		/* so that no metadata is read for nothing */
};

static uint64_t consumer_cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static struct consumer consumer_start(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: %s PACKETS RANGE VERDICT\n", argv[0]);
		exit(2);
	}
	puts("ready");
	fflush(stdout);
	return (struct consumer) {
		.packets = atoi(argv[1]),
		.range = atoi(argv[2]),
		.verdict = atoi(argv[3]),
	};
}

/* Counts a packet; returns whether there are more to come. */
static int consumer_more(struct consumer *c)
{
	if (c->seen++ == 0)
		c->started = consumer_cpu();
	if (c->seen < c->packets)
		return 1;
	printf("%.0f\n", (double)(consumer_cpu() - c->started) /
	       (c->packets > 1 ? c->packets - 1 : 1));
	return 0;
}

#endif
