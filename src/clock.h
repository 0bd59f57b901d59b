/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A clock that needs no system call. Its resolution is one tick of the kernel. */
#ifndef IPQ_CLOCK_H
#define IPQ_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Returns the time in units of about a millisecond. It changes with every tick, which
 * takes 10 milliseconds at most. The vDSO reads coarse clocks without a system call. */
static inline uint32_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint32_t)ts.tv_sec << 10 | ts.tv_nsec >> 20;
}

#endif
