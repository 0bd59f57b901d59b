/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the program does nothing but read and decide, told by how long it takes from
 * one call of the library to the next. Knows nothing of packets, nor of what is held. */
#include <poll.h>
#include <time.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "pace.h"

/* From a verdict, or from the last read if its verdict is held, to the next read may pass
 * the time of so many of the shortest system calls, whatever the processor. A quick program
 * and the library take the time of one; a call that receives something takes five. */
#define CALLS_MAX 4

/* A program that is interrupted takes its time, too, and it may be as quick as before. So it
 * is taken to be if it did not sleep, had more messages to read, and has come back quickly
 * so often before, for each interruption. */
#define INTERRUPTED PACE_STREAK
#define STREAK_LONG (PACE_STREAK + INTERRUPTED)
#define STREAK_MAX (4 * PACE_STREAK)

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

void pace_resume(struct pace *p)
{
	p->since = clock_ns();
}

/* A thread that sleeps gives up the processor of its own will (getrusage(2)). Returns
 * whether this thread was the last one looked at, and has not slept since. */
static bool is_awake(struct pace *p)
{
	struct rusage usage = { .ru_nvcsw = -1 };
	int thread = p->thread;
	long sleeps = p->sleeps;

	getrusage(RUSAGE_THREAD, &usage);
	p->thread = syscall(SYS_gettid);
	p->sleeps = usage.ru_nvcsw;
	pace_resume(p);
	return p->thread == thread && p->sleeps == sleeps;
}

void pace_read(struct pace *p, bool is_ready)
{
	uint64_t before = p->since;

	pace_resume(p);
	if (p->since - before > p->limit)
		p->streak = is_ready && p->streak >= STREAK_LONG && is_awake(p) ?
			    p->streak - INTERRUPTED : 0;
	else if (p->streak < STREAK_MAX && ++p->streak == STREAK_LONG)
		is_awake(p);
	if (p->reads++ % LOOKS)
		return;
	p->limit = CALLS_MAX * time_of_call();
	pace_resume(p);
}
