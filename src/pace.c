/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the program does nothing but read and decide, so that its verdicts may wait
 * for one another. Knows nothing of packets. */
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <sys/resource.h>

#include "pace.h"

/* Messages between two looks. For fewer than the least the system calls of a look would
 * cost more than they save. */
#define MESSAGES_MIN 4
#define MESSAGES_MAX 64

/* How many calls of poll(2) a pause may be long. */
#define POLLS_MAX 2

/* A program that is not brisk is looked at less and less often. */
#define PAUSE_MAX 63

void pace_begin(struct pace *p)
{
	*p = (struct pace) { .given = 0 };
}

/* In the vDSO as a rule. */
static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* The shortest of some times: in the others the thread may have been set aside. */
static uint64_t time_of_poll(void)
{
	uint64_t least = UINT64_MAX, begun, took;
	int saved = errno;

	for (int i = 0; i < 3; i++) {
		begun = clock_ns();
		poll(NULL, 0, 0);
		took = clock_ns() - begun;
		if (took < least)
			least = took;
	}
	errno = saved;
	return least;
}

/* A thread that sleeps in a system call gives up the processor of its own will
 * (getrusage(2)). */
static long count_sleeps(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? -1 : usage.ru_nvcsw;
}

/* Another thread begins anew. */
static bool is_another(struct pace *p)
{
	pthread_t self = pthread_self();

	if (pthread_equal(p->thread, self))
		return false;
	pace_begin(p);
	p->thread = self;
	return true;
}

void pace_note_verdict(struct pace *p)
{
	p->decided = clock_ns();
}

void pace_note_pause(struct pace *p)
{
	p->has_decided = true;
	if (clock_ns() - p->decided > POLLS_MAX * p->poll) {
		p->has_paused = true;
		p->is_brisk = false;
	}
	p->decided = 0;
}

static void judge(struct pace *p)
{
	p->is_brisk = p->has_decided && !p->has_paused &&
		      (count_sleeps() == p->sleeps || p->is_traced);
	p->patience = p->is_brisk ? 0 : 2 * p->patience + 1;
	if (p->patience > PAUSE_MAX)
		p->patience = PAUSE_MAX;
	p->pause = p->patience;
}

static void watch(struct pace *p)
{
	if (!p->is_brisk) {
		p->poll = time_of_poll();
		p->is_traced = count_sleeps() != count_sleeps();
	}
	p->sleeps = count_sleeps();
	p->has_decided = p->has_paused = false;
	p->is_watched = true;
}

void pace_look(struct pace *p, unsigned int ready)
{
	if (!is_another(p) && p->is_watched)
		judge(p);
	p->is_watched = false;
	p->given = p->until = 0;
	if (!ready)
		return;
	p->given = 1;
	p->until = ready < MESSAGES_MAX ? ready : MESSAGES_MAX;
	if (ready < MESSAGES_MIN)
		p->is_brisk = false;
	else if (p->pause)
		p->pause--;
	else
		watch(p);
}
