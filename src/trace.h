/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a line for each message that a program reads and each request that it sends
 * (LIBIPQ_TRACE). Knows messages and requests of ip_queue's protocol, and nothing of
 * where they come from. */
#ifndef IPQ_TRACE_H
#define IPQ_TRACE_H

#include <stdint.h>
#include <sys/types.h>

#include "translate.h"

struct trace;

/* "where" is the name of a file, to which the trace is appended, or "1" for standard
 * error. Returns NULL and errno if it cannot be opened. */
struct trace *trace_open(const char *where);
void trace_close(struct trace *t);

/* The functions below may be called by any thread, in a forked child and in a signal
 * handler. They never wait: if the reader of the trace is too slow, lines are left out,
 * and their number is printed later. They do not change errno. */

/* Call when a read has returned n, the length of a message, or -1 and errno. buf has the
 * message, or the first len bytes of it. */
void trace_read(struct trace *t, const void *buf, size_t len, ssize_t n);

/* Prints a line with this text, about any other event. */
void trace_note(struct trace *t, const char *what);

/* Call with the arguments of ip_queue_request and its result: if failed is not 0, the
 * request has failed with errno. */
void trace_request(struct trace *t, const struct request *r, const void *payload,
		   const uint32_t *mark, int failed);

#endif
