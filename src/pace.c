/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the program does nothing but read and decide, told by how long it takes from
 * one call of the library to the next. Knows nothing of packets, nor of what is held. */
#include <poll.h>
#include <time.h>

#include "pace.h"

/* From a verdict, or from the last read if its verdict is held, to the next read may pass
 * the time of so many of the shortest system calls, whatever the processor. A quick program
 * and the library take the time of one; a call that receives something takes five. */
#define CALLS_MAX 4

/* How many reads it is until it is looked again what a call takes, as the program may go
 * on on another processor, or with a tracer. */
#define LOOKS 1024

void pace_begin(struct pace *p)
{
	*p = (struct pace) { .streak = 0 };
}

/* In the vDSO as a rule. */
static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* The shortest of a few times: in the others the thread may have been interrupted. */
static uint64_t time_of_call(void)
{
	uint64_t least = UINT64_MAX, begun, took;

	for (int i = 0; i < 3; i++) {
		begun = clock_ns();
		poll(NULL, 0, 0);
		took = clock_ns() - begun;
		if (took < least)
			least = took;
	}
	return least;
}

void pace_read(struct pace *p)
{
	uint64_t now = clock_ns();

	if (now - p->since > p->limit)
		p->streak = 0;
	else if (p->streak < PACE_STREAK)
		p->streak++;
	p->since = now;
	if (p->reads++ % LOOKS)
		return;
	p->limit = CALLS_MAX * time_of_call();
	p->since = clock_ns();
}

void pace_resume(struct pace *p)
{
	p->since = clock_ns();
}
