/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tells that a program does nothing but read and decide: however fast the processor
 * is, it is back so soon that it can have made no system call that waits. */
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <criterion/criterion.h>

#include "clock.h"
#include "pace.h"

static void begin(void);

TestSuite(pace, .timeout = 60, .init = begin);

static struct pace pace;

/* The library has these instead of the C library's, but Criterion's calls are the
 * kernel's. */
static bool is_ours;
static uint64_t now, call;	/* ns; what a system call takes */
static long sleeps;
static bool is_ready = true, is_signalled;

int clock_gettime(clockid_t clock, struct timespec *time)
{
	if (!is_ours)
		return syscall(SYS_clock_gettime, clock, time);
	*time = (struct timespec) { .tv_sec = now / 1000000000, .tv_nsec = now % 1000000000 };
	return 0;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	const struct timespec time = { timeout / 1000, timeout % 1000 * 1000000L };

	if (!is_ours)
		return ppoll(fds, n, timeout < 0 ? NULL : &time, NULL);
	now += call;
	if (!is_signalled)
		return 0;
	errno = EINTR;
	return -1;
}

#ifdef __GLIBC__
typedef __rusage_who_t who;
#else
typedef int who;
#endif

int getrusage(who whose, struct rusage *usage)
{
	if (!is_ours)
		return syscall(SYS_getrusage, whose, usage);
	*usage = (struct rusage) { .ru_nvcsw = sleeps };
	return 0;
}

static void begin(void)
{
	now = 1000000000000;
	call = 200;
	pace = (struct pace) { .streak = 0 };
}

/* Reads so often, coming back after so many system calls' time each. */
static void read_after(unsigned int calls, unsigned int times)
{
	while (times--) {
		now += calls * call;
		is_ours = true;
		pace_read(&pace, clock_ns(), is_ready);
		is_ours = false;
	}
}

Test(pace, a_program_is_quick_after_64_quick_reads)
{
	read_after(1, 64);
	cr_assert(!pace_is_quick(&pace), "the first did not come back from one");
	read_after(1, 1);
	cr_assert(pace_is_quick(&pace));
	read_after(1, 5000);
	cr_assert(pace_is_quick(&pace));
}

Test(pace, a_program_that_takes_its_time_begins_anew)
{
	read_after(1, 100);
	read_after(5, 1);
	cr_assert(!pace_is_quick(&pace));
	read_after(1, 63);
	cr_assert(!pace_is_quick(&pace));
	read_after(1, 1);
	cr_assert(pace_is_quick(&pace));
}

Test(pace, a_program_that_is_interrupted_now_and_then_is_quick)
{
	read_after(1, 1 + 128);
	for (int i = 0; i < 10; i++) {
		read_after(100, 1);
		cr_assert(pace_is_quick(&pace));
		read_after(1, 64);
	}
	read_after(100, 1);
	read_after(1, 63);
	read_after(100, 1);
	cr_assert(!pace_is_quick(&pace));
}

Test(pace, a_program_that_was_quick_for_long_may_be_interrupted_several_times)
{
	read_after(1, 1000);
	read_after(100, 3);
	cr_assert(pace_is_quick(&pace));
	read_after(100, 1);
	cr_assert(!pace_is_quick(&pace));
}

Test(pace, a_program_that_has_slept_was_not_just_interrupted)
{
	read_after(1, 1000);
	sleeps++;
	read_after(100, 1);
	cr_assert(!pace_is_quick(&pace));
}

Test(pace, a_program_that_had_nothing_to_read_was_not_just_interrupted)
{
	read_after(1, 1000);
	is_ready = false;
	read_after(100, 1);
	cr_assert(!pace_is_quick(&pace));
}

Test(pace, a_program_that_takes_its_time_every_64_reads_is_never_quick)
{
	for (int i = 0; i < 200; i++) {
		read_after(5, 1);
		read_after(1, 63);
		cr_assert(!pace_is_quick(&pace));
	}
}

/* Returns how many of the reads were timed. */
static unsigned int read_seldom_timed(unsigned int calls, unsigned int times)
{
	unsigned int timed = 0;

	for (is_ours = true; times--;) {
		now += calls * call;
		if (!pace_is_timed(&pace))
			continue;
		timed++;
		pace_read(&pace, clock_ns(), is_ready);
	}
	is_ours = false;
	return timed;
}

Test(pace, of_a_program_that_was_quick_for_long_one_read_of_eight_is_timed)
{
	cr_assert(read_seldom_timed(1, 257) == 257);
	cr_assert(read_seldom_timed(4, 400) == 50);
	cr_assert(pace_is_quick(&pace));
}

Test(pace, the_timed_read_tells_whether_the_program_took_its_time_in_any_of_the_eight)
{
	is_ready = false;
	for (unsigned int i = 0; i < PACE_TIMED; i++) {
		read_after(1, 1000);
		read_seldom_timed(1, i);
		read_seldom_timed(26, 1);
		read_seldom_timed(1, PACE_TIMED - 1 - i);
		cr_assert(!pace_is_quick(&pace), "the read %u", i);
	}
}

Test(pace, the_time_of_the_librarys_own_system_calls_does_not_count)
{
	read_after(1, 1);
	for (int i = 0; i < 64; i++) {
		now += 100 * call;
		is_ours = true;
		pace_resume(&pace);
		is_ours = false;
		read_after(1, 1);
	}
	cr_assert(pace_is_quick(&pace));
}

Test(pace, a_quick_program_is_quick_on_a_processor_a_thousand_times_slower)
{
	call *= 1000;
	read_after(3, 65);
	cr_assert(pace_is_quick(&pace));
	read_after(5, 1);
	cr_assert(!pace_is_quick(&pace));
}

Test(pace, a_processor_that_becomes_slower_is_found_out)
{
	read_after(1, 65);
	call *= 10;
	read_after(1, 2000);
	cr_assert(pace_is_quick(&pace));
}

Test(pace, a_signal_while_a_call_is_measured_does_not_change_errno)
{
	is_signalled = true;
	errno = 0;
	read_after(1, 2000);
	cr_assert(errno == 0);
	cr_assert(pace_is_quick(&pace));
}
