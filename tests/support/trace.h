/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls of the calling thread, as strace sees them. Whatever fails here
 * ends the test with the reason. */
#ifndef SUPPORT_TRACE_H
#define SUPPORT_TRACE_H

#include <sys/types.h>

struct trace {
	pid_t pid;
	int log;
};

/* From here to there. A test without strace, or that may not use it, is skipped. */
struct trace trace_begin(void);
void trace_end(struct trace *t);

/* How many calls there were whose names begin so; "" for all. */
int trace_count(const struct trace *t, const char *call);

#endif
