/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the check of what tests reach (tests/checks/coverage.sh): a process writes its counts
 * when it calls exit(3), which it does not when it executes another program. */
#ifndef IPQ_COUNTED_H
#define IPQ_COUNTED_H

#ifdef COUNTED
void __gcov_dump(void);
void __gcov_reset(void);
#endif

static inline void counted(void)
{
#ifdef COUNTED
	__gcov_dump();
	__gcov_reset();
#endif
}

#endif
