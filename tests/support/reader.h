/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that waits in ipq_read; and a clock. */
#ifndef SUPPORT_READER_H
#define SUPPORT_READER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "queue.h"

struct reader {
	pthread_t thread;
	struct ipq_handle *handle;
	int timeout;
	_Atomic pid_t tid;	/* set before it reads */
	ssize_t n;		/* result of ipq_read */
	int error;		/* errno afterwards; was set to 0 */
	const char *text;	/* ipq_errstr afterwards; was set to READER_TEXT */
	union message m;
};

#define READER_TEXT "Receive buffer size invalid"

/* Starts a thread that calls ipq_read with the timeout. reader_start returns when the
 * thread sleeps there, reader_begin at once: it may not be there yet, or have ended. */
void reader_begin(struct reader *r, struct ipq_handle *h, int timeout);
void reader_start(struct reader *r, struct ipq_handle *h, int timeout);

/* Waits until the thread has read all there is and sleeps again. Returns false if
 * ipq_read has returned instead. */
bool reader_waits(struct reader *r);

/* Waits until ipq_read returns. */
void reader_end(struct reader *r);

/* Returns the monotonic time in microseconds. */
long long clock_us(void);

#endif
