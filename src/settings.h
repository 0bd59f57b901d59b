/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the LIBIPQ_* environment asks for. Knows nothing of queues but their
 * numbers. */
#ifndef IPQ_SETTINGS_H
#define IPQ_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* The most queue numbers one handle may have. */
#define SETTINGS_RANGE_MAX 256

enum { TRUNCATED_ERROR, TRUNCATED_ACCEPT, TRUNCATED_DROP };

struct settings {
	uint16_t queue;		/* queue number, */
	uint16_t queue_last;	/* or the first and the last */
	uint32_t maxlen;	/* packets that may wait for a verdict */
	uint32_t rcvbuf;	/* bytes for SO_RCVBUF, 0 to compute */
	bool fail_open;		/* let pass what does not fit in the queue */
	uint32_t batch;		/* messages in one system call */
	uint8_t truncated;	/* what becomes of packets too long for the program */
	bool gso;		/* take packets not yet cut into segments */
	bool debug;		/* explain refusals on stderr */
	const char *trace;	/* what is read and answered, to that file; in environ */
};

/* The most bytes: setsockopt(SO_RCVBUF) takes an int and the kernel doubles it. */
#define SETTINGS_RCVBUF_MAX (INT_MAX / 2)

/* The most messages at once. */
#define SETTINGS_BATCH_MAX 1024

/* Whether there can be such queue numbers; sets them. */
bool settings_set_queue(struct settings *s, unsigned int first, unsigned int last);

/* Fills s for a handle of the family AF_INET or AF_INET6. Returns false, and
 * says why on stderr, when a LIBIPQ_* variable is unknown or its value is
 * not acceptable. A setuid or setgid program gets the defaults. */
bool settings_read(int family, struct settings *s);

#endif
