/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the program does nothing but read and decide, so that its verdicts may wait for
 * one another. Knows nothing of packets. For the thread that holds the batch's lock. */
#ifndef IPQ_PACE_H
#define IPQ_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* A program that decides on a packet and then waits elsewhere for what comes of it would
 * wait for ever if the verdict were held back. One that waits makes system calls, and so
 * takes longer from a verdict to its next read than one that does not. */
struct pace {
	unsigned int reads;
	unsigned int streak;	/* of them, the last that came quickly */
	int thread;		/* which was looked at last, */
	long sleeps;		/* and how often it had slept */
	uint64_t since;		/* when the time to the next read began, ns */
	uint64_t limit;		/* the longest time that is quick, ns */
};

/* So many reads in a row must come quickly before a verdict is held. */
#define PACE_STREAK 64

static inline bool pace_is_quick(const struct pace *p)
{
	return p->streak >= PACE_STREAK;
}

/* Of a program that has not read yet. */
void pace_begin(struct pace *p);

/* The program reads. is_ready: for a message that is held for it. */
void pace_read(struct pace *p, bool is_ready);

/* The library has made system calls for the program, whose time does not count. */
void pace_resume(struct pace *p);

#endif
