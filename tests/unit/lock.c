/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lock that threads and forked processes share: one has it at a time, and a holder
 * that is killed, stopped or interrupted keeps nobody waiting for ever. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "lock.h"

TestSuite(lock, .timeout = 60);

static struct shared {
	struct lock lock;
	unsigned long count;	/* written by who has the lock */
} *shared;

static void share(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(shared != MAP_FAILED);
	lock_init(&shared->lock);
}

/* Ends with 1 if the lock was refused. */
static void *count_to_many(void *many)
{
	for (long i = 0; i < (long)many; i++) {
		if (lock_take(&shared->lock) == LOCK_REFUSED)
			_exit(1);
		shared->count = shared->count + 1;
		lock_give(&shared->lock);
	}
	return NULL;
}

static pid_t fork_counter(long many)
{
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, count_to_many, (void *)many);
		count_to_many((void *)many);
		pthread_join(thread, NULL);
		_exit(0);
	}
	return child;
}

static void ends_with(pid_t child, int status)
{
	int got;

	cr_assert(waitpid(child, &got, 0) == child);
	cr_assert(got == status, "status %#x", got);
}

Test(lock, threads_of_several_processes_have_it_one_at_a_time)
{
	enum { MANY = 20000 };
	pid_t child[2];

	share();
	for (int i = 0; i < 2; i++)
		child[i] = fork_counter(MANY);
	count_to_many((void *)MANY);
	for (int i = 0; i < 2; i++)
		ends_with(child[i], 0);
	cr_assert(shared->count == 5 * MANY, "%lu", shared->count);
}

/* A child that takes the lock, tells so and then does what it is told by a signal. */
static pid_t fork_holder(void)
{
	int ready[2];
	pid_t child;
	char c;

	cr_assert(pipe(ready) == 0);
	child = fork();
	if (child == 0) {
		if (lock_take(&shared->lock) != LOCK_TAKEN || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	cr_assert(read(ready[0], &c, 1) == 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

Test(lock, a_holder_that_is_killed_leaves_it_to_who_waits_and_that_one_is_told)
{
	pid_t child;

	share();
	child = fork_holder();
	kill(child, SIGKILL);
	ends_with(child, SIGKILL);
	cr_assert(lock_take(&shared->lock) == LOCK_INHERITED);
	lock_give(&shared->lock);
	cr_assert(lock_take(&shared->lock) == LOCK_TAKEN);
	lock_give(&shared->lock);
}

Test(lock, a_holder_that_is_killed_leaves_it_to_a_thread_that_gets_its_place)
{
	pid_t child, other;

	share();
	child = fork_holder();
	kill(child, SIGKILL);
	ends_with(child, SIGKILL);
	other = fork();
	if (other == 0)
		_exit(lock_take(&shared->lock) == LOCK_INHERITED ? 0 : 1);
	ends_with(other, 0);
	/* and so did that one */
	cr_assert(lock_take(&shared->lock) == LOCK_INHERITED);
	lock_give(&shared->lock);
}

Test(lock, a_holder_that_is_stopped_has_others_do_without_it_and_gives_it_back_later)
{
	pid_t child;

	share();
	cr_assert(lock_take(&shared->lock) == LOCK_TAKEN);
	lock_give(&shared->lock);
	child = fork_holder();
	kill(child, SIGSTOP);
	cr_assert(lock_take(&shared->lock) == LOCK_REFUSED);
	kill(child, SIGKILL);
	ends_with(child, SIGKILL);
	cr_assert(lock_take(&shared->lock) == LOCK_INHERITED);
}

Test(lock, the_holder_itself_is_refused_as_its_signal_handlers_are)
{
	share();
	cr_assert(lock_take(&shared->lock) == LOCK_TAKEN);
	cr_assert(lock_take(&shared->lock) == LOCK_REFUSED);
	lock_give(&shared->lock);
	cr_assert(lock_take(&shared->lock) == LOCK_TAKEN);
}

static void *take_and_give(void *arg)
{
	enum lock_result *result = arg;

	*result = lock_take(&shared->lock);
	if (*result != LOCK_REFUSED)
		lock_give(&shared->lock);
	return NULL;
}

Test(lock, threads_that_end_give_their_places_back)
{
	enum lock_result result;
	pthread_t thread;

	share();
	for (int i = 0; i < 3 * LOCK_PLACES; i++) {
		pthread_create(&thread, NULL, take_and_give, &result);
		pthread_join(thread, NULL);
		cr_assert(result == LOCK_TAKEN, "thread %d: %d", i, result);
	}
}

Test(lock, a_thread_that_uses_many_locks_has_a_place_in_each_when_it_needs_one)
{
	struct lock *locks[32];

	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 32; i++) {
			if (round == 0) {
				share();
				locks[i] = &shared->lock;
			}
			cr_assert(lock_take(locks[i]) == LOCK_TAKEN);
			lock_give(locks[i]);
		}
}
