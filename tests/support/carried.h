/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Skips tests that do not apply to a program with a libipq of its own inside, run with
 * the preload library (tests/carried). */
#ifndef SUPPORT_CARRIED_H
#define SUPPORT_CARRIED_H

#include <stdlib.h>

#include <criterion/criterion.h>

#define NOT_CARRIED(reason)			\
	do {					\
		if (getenv("CARRIED"))		\
			cr_skip_test(reason);	\
	} while (0)

/* Skips tests that do not apply to a program whose system calls are handed over
 * (tests/supervise). */
#define NOT_SUPERVISED(reason)			\
	do {					\
		if (getenv("SUPERVISED"))	\
			cr_skip_test(reason);	\
	} while (0)

#define SUPERVISED_HAS_HIGH_NUMBERS "the supervisor gives its sockets descriptors from 960 on"

#define CARRIED_HAS_NO_MARKS "the old library cannot set marks"
#define CARRIED_SELECTS "the old library calls select, then waits for a packet of its family"
#define CARRIED_HAS_NO_CTL "the old library's ipq_ctl does nothing"

#endif
