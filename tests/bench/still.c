/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded where instructions are counted: time stands still, so that verdicts are held as
 * they are where the program runs at its own speed. Beneath valgrind it is many times
 * slower, but its system calls are not. */
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *time)
{
	(void)clock;
	*time = (struct timespec) { .tv_sec = 1 };
	return 0;
}
