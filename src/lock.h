/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lock in memory that forked processes share, whose holder may be killed or stopped
 * at any instruction. Knows nothing of what it guards. */
#ifndef IPQ_LOCK_H
#define IPQ_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/* Threads, of all processes, that can use one lock at a time. */
#define LOCK_PLACES 32

/*
 * A robust mutex (pthread_mutexattr_setrobust(3)) is what tells that a thread has
 * ended, but taking one costs some 60 instructions, and giving it back as many. So a
 * thread takes one, its place, when it uses the lock for the first time, and keeps it
 * for as long as it lives; the lock itself is a word that names the holder's place.
 */
struct lock {
	_Atomic uint32_t holder;	/* place + 1, and LOCK_IS_AWAITED; 0: nobody */
	pthread_mutex_t place[LOCK_PLACES];
};

enum lock_result {
	LOCK_REFUSED,	/* to who has it already, as a signal handler that interrupted
			 * the holder; where the holder is stopped; without a place */
	LOCK_TAKEN,
	LOCK_INHERITED,	/* its holder was killed, in the midst of what it did */
};

/* Memory filled with zeros becomes a lock that nobody has. */
void lock_init(struct lock *l);

enum lock_result lock_take(struct lock *l);

/* Only for who has taken it. */
void lock_give(struct lock *l);

#endif
