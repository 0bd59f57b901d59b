/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks that need no system call, because of the vDSO. */
#ifndef IPQ_CLOCK_H
#define IPQ_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Returns the time in units of about a millisecond. It changes with every tick of the
 * kernel, which takes 10 milliseconds at most. */
static inline uint32_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint32_t)ts.tv_sec << 10 | ts.tv_nsec >> 20;
}

#define CLOCK_NS_PER_S INT64_C(1000000000)

/* Returns the time in ns. */
static inline int64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * CLOCK_NS_PER_S + ts.tv_nsec;
}

/* Returns a program's struct timespec in ns, INT64_MAX at most; or -1 if it is not valid
 * (timespec64_valid in the kernel). */
static inline int64_t clock_in_ns(int64_t sec, int64_t nsec)
{
	if (sec < 0 || nsec < 0 || nsec >= CLOCK_NS_PER_S)
		return -1;
	return sec < INT64_MAX / CLOCK_NS_PER_S ? sec * CLOCK_NS_PER_S + nsec : INT64_MAX;
}

#endif
