/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A clock that costs no system call and tells about what time it is. */
#ifndef IPQ_CLOCK_H
#define IPQ_CLOCK_H

#include <stdint.h>
#include <time.h>

/* In units of about a millisecond; stands still for the length of a kernel tick,
 * 10 of them at most. clock_gettime of a coarse clock is in the vDSO. */
static inline uint32_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint32_t)ts.tv_sec << 10 | ts.tv_nsec >> 20;
}

#endif
