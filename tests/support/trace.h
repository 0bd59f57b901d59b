/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls of the calling thread, recorded by strace(1). On failure, ends the
 * test and says why. */
#ifndef SUPPORT_TRACE_H
#define SUPPORT_TRACE_H

#include <sys/types.h>

struct trace {
	pid_t pid;
	int log;
};

/* Start and stop recording. If there is no strace, or it is not permitted, the
 * test is skipped. */
struct trace trace_begin(void);
void trace_end(struct trace *t);

/* Returns the number of calls whose names begin with this; "" counts all. */
int trace_count(const struct trace *t, const char *call);

#endif
