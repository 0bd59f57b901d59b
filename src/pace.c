/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Estimates whether the program does nothing but read packets and give verdicts, from the
 * time between its calls of the library. Knows nothing of packets, nor of what is
 * held. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "clock.h"
#include "export.h"
#include "pace.h"

/* The limit for the time from a verdict, or from the last read if its verdict is held, to
 * the next read, in durations of the shortest system call, which makes it independent of
 * the processor. A quick program and the library together take about one; a system call
 * that receives something takes five. */
#ifndef SUPERVISE
#define CALLS_MAX 4
#else
/* A call that is handed over takes some fifty, and so a supervised program may wait
 * elsewhere within the limit. What is held is sent soon nevertheless (notices.c). */
#define CALLS_MAX 400
#endif

/* A program that is interrupted exceeds the limit as well, but is as quick as before. It
 * is still regarded as quick if it did not sleep, had more messages to read, and had a
 * longer streak of quick reads than necessary: each interruption takes INTERRUPTED reads
 * from it. */
#define INTERRUPTED PACE_STREAK
#define STREAK_LONG (PACE_STREAK + INTERRUPTED)

/* After this number of reads the duration of a system call is measured again, as the
 * program may have moved to another processor, or be traced now. */
#define LOOKS 1024

/* Returns the shortest of a few measurements, as the thread may have been interrupted in
 * the others. */
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

/* Returns whether this thread is the one of the previous call, and has not slept since
 * then. A sleep is a voluntary context switch (getrusage(2)). */
static APART bool is_awake(struct pace *p)
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

static APART void note_slow(struct pace *p, bool is_ready)
{
	p->streak = is_ready && p->streak >= STREAK_LONG && is_awake(p) ?
		    p->streak - INTERRUPTED : 0;
}

/* A signal that arrives now makes the calls fail with EINTR. */
static APART void measure_limit(struct pace *p)
{
	int saved = errno;

	p->limit = CALLS_MAX * time_of_call();
	pace_resume(p);
	errno = saved;
}

void pace_read(struct pace *p, uint64_t now, bool is_ready)
{
	uint64_t took = now - p->since, limit = p->limit * (p->untimed ? p->untimed : 1);

	p->since = now;
	p->untimed = 0;
	if (took > limit)
		note_slow(p, is_ready);
	else if (p->streak < PACE_STREAK_MAX && ++p->streak == STREAK_LONG)
		is_awake(p);
	if (p->reads++ % LOOKS == 0)
		measure_limit(p);
}
