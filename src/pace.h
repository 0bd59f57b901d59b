/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Estimates whether the program does nothing but read packets and give verdicts, so that
 * its verdicts may be held. Knows nothing of packets. For the thread that holds the
 * batch's lock. */
#ifndef IPQ_PACE_H
#define IPQ_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* If a verdict is held, a program that then waits elsewhere for the effect of the verdict
 * waits for ever. To wait it must make system calls, and so it takes longer from a
 * verdict to its next read than a program that does not wait. */
struct pace {
	unsigned int reads;	/* that were timed */
	unsigned int untimed;	/* reads since the last one that was */
	unsigned int streak;	/* quick reads in a row, up to the last one */
	int thread;		/* the thread of the last is_awake, */
	long sleeps;		/* and how often it had slept */
	uint64_t since;		/* the time since which the next read is timed, ns */
	uint64_t limit;		/* the longest time of a quick read, ns */
};

/* A verdict is held only after this number of quick reads in a row. */
#define PACE_STREAK 64

static inline bool pace_is_quick(const struct pace *p)
{
	return p->streak >= PACE_STREAK;
}

/* The greatest streak. */
#define PACE_STREAK_MAX (4 * PACE_STREAK)

/* Of a program that has been quick for so long, one read of this number is timed: reading
 * the clock takes as long as anything else that a read does. */
#define PACE_TIMED 8

/* Whether this read is to be timed: then call pace_read. */
static inline bool pace_is_timed(struct pace *p)
{
	return p->streak < PACE_STREAK_MAX || ++p->untimed == PACE_TIMED;
}

/* Call when the program reads, or has read at this time (clock_ns). is_ready: a message is
 * held, so that it need not wait. */
void pace_read(struct pace *p, uint64_t now, bool is_ready);

/* Call after the library itself has made system calls, whose time must not count. */
void pace_resume(struct pace *p);

#endif
