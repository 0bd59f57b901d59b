/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that waits in ipq_read, and a clock. */
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
	_Atomic pid_t tid;	/* set when it is about to read */
	ssize_t n;		/* what ipq_read returned, */
	int error;		/* errno, 0 before, */
	const char *text;	/* and ipq_errstr, READER_TEXT before */
	union message m;
};

#define READER_TEXT "Receive buffer size invalid"

/* Has a thread call ipq_read with the timeout; returns when it sleeps there. */
void reader_start(struct reader *r, struct ipq_handle *h, int timeout);

/* Waits until the thread has taken all there is to read and sleeps again.
 * False if it has returned instead. */
bool reader_waits(struct reader *r);

/* Waits until ipq_read returns. */
void reader_end(struct reader *r);

/* Microseconds since some time. */
long long clock_us(void);

#endif
