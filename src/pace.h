/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the program does nothing but read and decide, so that its verdicts may wait
 * for one another. Knows nothing of packets. */
#ifndef IPQ_PACE_H
#define IPQ_PACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A program that decides on a packet and then waits elsewhere for what comes of it would
 * wait for ever if the verdict were held back. One that only reads and decides makes no
 * system call between: from a verdict to the next read passes less time than two calls
 * of poll(2) take here, however fast the processor is, and it does not sleep. The first
 * is looked at for some of many messages that lie ready together, the other once for
 * all of them.
 */
struct pace {
	pthread_t thread;	/* that reads */
	unsigned int given;	/* messages it was given since the last look, */
	unsigned int until;	/* and how many it is to be given until the next */
	unsigned int pause;	/* looks that are left out, */
	unsigned int patience;	/* and how many were the last time */
	long sleeps;		/* its voluntary context switches at the last look */
	uint64_t poll;		/* what poll(2) takes, ns */
	uint64_t decided;	/* when it gave a verdict that is looked at, ns; else 0 */
	bool is_watched;	/* the next look tells */
	bool is_traced;		/* a tracer stops it, which looks like sleep */
	bool has_decided, has_paused;	/* since the last look */
	bool is_brisk;
};

/* Of a program that has not read yet. */
void pace_begin(struct pace *p);

/* This thread is to be given the first of so many messages that lie ready for it. */
void pace_look(struct pace *p, unsigned int ready);

/* One in so many verdicts is looked at: the clock costs more than all else here. */
#define PACE_SAMPLE 8

/* The time from the verdict that is looked at. */
void pace_note_pause(struct pace *p);
void pace_note_verdict(struct pace *p);

/* This thread reads, and so many messages lie ready for it: 0 before others are taken
 * in. */
static inline void pace_read(struct pace *p, unsigned int ready)
{
	if (p->decided)
		pace_note_pause(p);
	if (p->given != p->until)
		p->given++;
	else if (ready || p->until)
		pace_look(p, ready);
}

/* This thread has given a verdict. */
static inline void pace_decide(struct pace *p)
{
	if (p->given % PACE_SAMPLE == 1 && p->is_watched)
		pace_note_verdict(p);
}

/* Whether a verdict that this thread gives may be held. */
static inline bool pace_is_brisk(const struct pace *p)
{
	return p->is_brisk && pthread_equal(p->thread, pthread_self());
}

#endif
