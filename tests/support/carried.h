/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests that cannot be of a library that the program carries in itself
 * (tests/carried): skips them there. */
#ifndef SUPPORT_CARRIED_H
#define SUPPORT_CARRIED_H

#include <stdlib.h>

#include <criterion/criterion.h>

#define NOT_CARRIED(reason)			\
	do {					\
		if (getenv("CARRIED"))		\
			cr_skip_test(reason);	\
	} while (0)

/* And for those that cannot be of a program whose calls are handed over
 * (tests/supervise). */
#define NOT_SUPERVISED(reason)			\
	do {					\
		if (getenv("SUPERVISED"))	\
			cr_skip_test(reason);	\
	} while (0)

#define SUPERVISED_HAS_HIGH_NUMBERS "its sockets have numbers from 960 on, wherever it is put"

#define CARRIED_HAS_NO_MARKS "the old library set no marks"
#define CARRIED_SELECTS "it selects, then waits in its read for a packet of its own"
#define CARRIED_HAS_NO_CTL "the old library's ipq_ctl does nothing"

#endif
