/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lock in memory that forked processes share, whose holder may be killed or stopped
 * at any instruction. Knows nothing of what it guards. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <unistd.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#include "lock.h"

#define LOCK_IS_AWAITED 0x80000000

/* A holder needs some microseconds, and wakes those that wait. One that is killed wakes
 * nobody; one that is stopped may not come back at all. */
#define WAIT_NS 10000000L
#define WAITS_MAX 50

/* The places of this thread. A lock has its entry by its address; two locks that have
 * the same one drive each other out. */
#define KNOWN 4
static __thread struct known {
	struct lock *lock;
	uint32_t me;		/* place + 1 */
	uint32_t forks;
} known[KNOWN];

/* How often this process is a forked child: it has its parent's memory, but no place of
 * its parent's. */
static uint32_t forks;

static void count_fork(void)
{
	forks++;
}

static void register_fork(void)
{
	pthread_atfork(NULL, NULL, count_fork);
}

void lock_init(struct lock *l)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_mutexattr_t attr;

	pthread_once(&once, register_fork);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	for (int i = 0; i < LOCK_PLACES; i++)
		pthread_mutex_init(&l->place[i], &attr);
	pthread_mutexattr_destroy(&attr);
}

static struct known *entry_of(const struct lock *l)
{
	return &known[(uintptr_t)l / 4096 % KNOWN];
}

/* The place, if no living thread has it. */
static bool take_place(pthread_mutex_t *place)
{
	switch (pthread_mutex_trylock(place)) {
	case 0:
		return true;
	case EOWNERDEAD:
		pthread_mutex_consistent(place);
		return true;
	default:
		return false;
	}
}

/* Makes room in this thread's entry. A place that is given back says that the thread has
 * ended: not while it has the lock, which a signal handler of its may not know of. */
static bool forget(struct known *k)
{
	struct lock *old = k->lock;

	if (old && k->forks == forks) {
		if ((old->holder & ~LOCK_IS_AWAITED) == k->me)
			return false;
		k->lock = NULL;
		pthread_mutex_unlock(&old->place[k->me - 1]);
	}
	k->lock = NULL;
	return true;
}

/* Returns this thread's place + 1, 0 if there is none left. */
static uint32_t find_place(struct lock *l)
{
	struct known *k = entry_of(l);

	if (!forget(k))
		return 0;
	for (uint32_t i = 0; i < LOCK_PLACES; i++)
		if (take_place(&l->place[i])) {
			*k = (struct known) { .me = i + 1, .forks = forks };
			k->lock = l;
			return i + 1;
		}
	return 0;
}

/* SYS_futex takes the kernel's old struct timespec, which the C library's may not be on
 * 32 bits. */
struct old_timespec {
	long sec, nsec;
};

static long futex(_Atomic uint32_t *word, int what, uint32_t value,
		  const struct old_timespec *timeout)
{
	return syscall(SYS_futex, word, what, value, timeout, NULL, 0);
}

/* Takes the lock from a holder that has ended: while its place is taken nobody else
 * does, and no new thread has it. */
static bool inherit(struct lock *l, uint32_t holder, uint32_t me)
{
	pthread_mutex_t *place = &l->place[(holder & ~LOCK_IS_AWAITED) - 1];
	bool inherited;

	if (!take_place(place))
		return false;
	inherited = atomic_compare_exchange_strong(&l->holder, &holder,
						   me | LOCK_IS_AWAITED);
	pthread_mutex_unlock(place);
	return inherited;
}

static enum lock_result wait_for(struct lock *l, uint32_t me)
{
	const struct old_timespec timeout = { .nsec = WAIT_NS };

	for (int waits = 0; waits < WAITS_MAX; waits++) {
		uint32_t holder = 0;

		/* others may wait still */
		if (atomic_compare_exchange_strong(&l->holder, &holder,
						   me | LOCK_IS_AWAITED))
			return LOCK_TAKEN;
		if ((holder & ~LOCK_IS_AWAITED) == me)
			return LOCK_REFUSED;
		if (inherit(l, holder, me))
			return LOCK_INHERITED;
		if (holder & LOCK_IS_AWAITED ||
		    atomic_compare_exchange_strong(&l->holder, &holder,
						   holder | LOCK_IS_AWAITED))
			futex(&l->holder, FUTEX_WAIT, holder | LOCK_IS_AWAITED, &timeout);
	}
	return LOCK_REFUSED;
}

/* Its first thread was killed while it had the lock: then it is this one's now. */
static enum lock_result take_first(struct lock *l)
{
	uint32_t me = find_place(l);

	if (!me)
		return LOCK_REFUSED;
	if ((l->holder & ~LOCK_IS_AWAITED) == me)
		return LOCK_INHERITED;
	return wait_for(l, me);
}

enum lock_result lock_take(struct lock *l)
{
	struct known *k = entry_of(l);
	enum lock_result result;
	uint32_t nobody = 0;
	int saved;

	if (k->lock == l && k->forks == forks &&
	    atomic_compare_exchange_strong_explicit(&l->holder, &nobody, k->me,
						    memory_order_acquire,
						    memory_order_relaxed))
		return LOCK_TAKEN;
	saved = errno;
	result = k->lock == l && k->forks == forks ? wait_for(l, k->me) : take_first(l);
	errno = saved;
	return result;
}

void lock_give(struct lock *l)
{
	int saved;

	if (!(atomic_exchange_explicit(&l->holder, 0, memory_order_release) &
	      LOCK_IS_AWAITED))
		return;
	saved = errno;
	futex(&l->holder, FUTEX_WAKE, 1, NULL);
	errno = saved;
}
