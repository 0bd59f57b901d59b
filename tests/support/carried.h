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

#define SUPERVISED_HAS_HIGH_NUMBERS "its sockets have numbers from 960 on, wherever it is put"

#define SUPERVISED_SHARES_NO_NUMBER "each family needs a queue number of its own"

#define CARRIED_HAS_NO_MARKS "the old library set no marks"
#define CARRIED_SELECTS "it selects, then waits in its read for a packet of its own"
#define CARRIED_HAS_NO_CTL "the old library's ipq_ctl does nothing"

#endif
