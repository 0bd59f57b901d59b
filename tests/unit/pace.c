/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tells that a program does nothing but read and decide: from a verdict to the next
 * read it is quick beside a system call, however fast the processor is, and it does not
 * sleep. */
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

#include <criterion/criterion.h>

#include "pace.h"

static void begin(void);
static void end(void);

TestSuite(pace, .timeout = 60, .init = begin, .fini = end);

static struct pace pace;

/* The library has this instead of the C library's: on this clock poll(2) takes one
 * second, and a verdict to the next read what a test wants. */
static time_t now, pause_s;

int clock_gettime(clockid_t clock, struct timespec *time)
{
	if (!now)	/* Criterion's */
		return syscall(SYS_clock_gettime, clock, time);
	now += pace.decided ? pause_s : 1;
	*time = (struct timespec) { .tv_sec = now };
	return 0;
}

static void begin(void)
{
	now = 1;
}

static void end(void)
{
	now = 0;
}

static void do_nothing(void)
{
}

static void sleep_a_moment(void)
{
	syscall(SYS_nanosleep, &(struct { long sec, nsec; }) { .nsec = 1 }, NULL);
}

/* Reads and decides all of so many messages that lie ready, doing this between, and
 * reads once more. */
static void pass(unsigned int ready, void (*work)(void))
{
	pace_read(&pace, 0);
	pace_look(&pace, ready);
	for (unsigned int left = ready; left; left--) {
		work();
		pace_decide(&pace);
		pace_read(&pace, left - 1);
	}
}

Test(pace, a_program_that_only_reads_and_decides_is_brisk)
{
	cr_assert(!pace_is_brisk(&pace));
	pass(64, do_nothing);
	cr_assert(pace_is_brisk(&pace));
	for (int i = 0; i < 200; i++)
		pass(16, do_nothing);
	cr_assert(pace_is_brisk(&pace));
}

Test(pace, of_many_messages_the_first_64_tell)
{
	pace_read(&pace, 0);
	pace_look(&pace, 1000);
	for (unsigned int left = 999; left > 999 - 64; left--) {
		pace_decide(&pace);
		pace_read(&pace, left);
	}
	cr_assert(pace_is_brisk(&pace));
}

Test(pace, a_program_that_sleeps_between_its_reads_is_not_brisk)
{
	pass(64, do_nothing);
	cr_assert(pace_is_brisk(&pace));
	pass(64, sleep_a_moment);
	cr_assert(!pace_is_brisk(&pace));
}

Test(pace, a_program_that_pauses_as_long_as_two_system_calls_is_brisk_and_no_longer)
{
	pause_s = 2;
	pass(64, do_nothing);
	cr_assert(pace_is_brisk(&pace));
	pause_s = 3;
	pass(1 + 64, do_nothing);
	cr_assert(!pace_is_brisk(&pace));
}

Test(pace, a_program_that_reads_and_does_not_decide_is_not_brisk)
{
	pace_look(&pace, 64);
	for (unsigned int left = 64; left; left--)
		pace_read(&pace, left - 1);
	cr_assert(!pace_is_brisk(&pace));
}

Test(pace, of_few_messages_nothing_is_told)
{
	pass(64, do_nothing);
	pass(2, do_nothing);
	cr_assert(!pace_is_brisk(&pace));
}

static void *ask(void *arg)
{
	*(bool *)arg = pace_is_brisk(&pace);
	return NULL;
}

Test(pace, the_thread_that_reads_is_brisk_and_no_other)
{
	bool other = true;
	pthread_t thread;

	pass(64, do_nothing);
	pthread_create(&thread, NULL, ask, &other);
	pthread_join(thread, NULL);
	cr_assert(pace_is_brisk(&pace) && !other);
}
