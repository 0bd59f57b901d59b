/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program reads and answers, a line each, for a person (LIBIPQ_TRACE). Knows
 * messages and requests in their old form, and nothing of where they come from. */
#ifndef IPQ_TRACE_H
#define IPQ_TRACE_H

#include <stdint.h>
#include <sys/types.h>

#include "translate.h"

struct trace;

/* where is a file, which is appended to, or "1" for standard error. NULL and errno if
 * it cannot be opened. */
struct trace *trace_open(const char *where);
void trace_close(struct trace *t);

/* What follow may be called by any thread, in a forked child and in a signal handler.
 * None waits: what whoever reads the trace has no room for is left out, and told as a
 * number later. errno is left alone. */

/* A read returned n, the message's length, or -1 and errno; buf has up to len of its
 * bytes. */
void trace_read(struct trace *t, const void *buf, size_t len, ssize_t n);

/* A read that returned otherwise, in words. */
void trace_note(struct trace *t, const char *what);

/* A request, as ip_queue_request has it, which failed with errno unless that is 0. */
void trace_request(struct trace *t, const struct request *r, const void *payload,
		   const uint32_t *mark, int failed);

#endif
