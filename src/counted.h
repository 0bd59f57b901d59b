/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the coverage check (tests/checks/coverage.sh). A process writes its coverage counts
 * in exit(3); code that executes another program, or exits by a system call, calls
 * counted() first. */
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
