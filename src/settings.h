/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the settings from the LIBIPQ_* environment variables. Knows nothing of queues but
 * their numbers. */
#ifndef IPQ_SETTINGS_H
#define IPQ_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* The most queue numbers one handle may have. */
#define SETTINGS_RANGE_MAX 256

enum { TRUNCATED_ERROR, TRUNCATED_ACCEPT, TRUNCATED_DROP };

struct settings {
	uint16_t queue;		/* the queue number, or the first of a range */
	uint16_t queue_last;	/* the last of the range */
	uint32_t maxlen;	/* packets that may wait for a verdict */
	uint32_t rcvbuf;	/* bytes for SO_RCVBUF, 0 to compute it */
	uint32_t fail_open;	/* 1: packets that find the queue full pass */
	uint32_t batch;		/* messages in one system call */
	uint32_t gso;		/* 1: queue packets before they are segmented */
	uint32_t truncated;	/* for packets too long for the program: TRUNCATED_* */
	uint32_t debug;		/* 1: explain refusals on stderr */
	const char *trace;	/* file to write the trace to; points into environ */
};

/* The variables, in the order in which users are told of them. Those from SETTING_MAXLEN to
 * SETTING_DEBUG are the numbers in struct settings. */
enum setting {
	SETTING_QUEUE, SETTING_QUEUE6, SETTING_MAXLEN, SETTING_RCVBUF, SETTING_FAIL_OPEN,
	SETTING_BATCH, SETTING_GSO, SETTING_TRUNCATED, SETTING_DEBUG, SETTING_TRACE, SETTINGS
};

/* In bytes. SO_RCVBUF is an int, and the kernel doubles the value. */
#define SETTINGS_RCVBUF_MAX (INT_MAX / 2)

/* The most messages in one system call. */
#define SETTINGS_BATCH_MAX 1024

/* Sets the queue numbers, or another number. Returns false if it is not valid. */
bool settings_set_queue(struct settings *s, unsigned int first, unsigned int last);
bool settings_set(struct settings *s, enum setting which, uint32_t value);

/* The place of a number. */
uint32_t *settings_number(struct settings *s, enum setting which);

/* Fills in s for a handle of the family AF_INET or AF_INET6. Returns false, and prints
 * the reason on stderr, if a LIBIPQ_* variable is unknown or its value is invalid. A
 * program that gains privileges by being executed (AT_SECURE: setuid, setgid, file
 * capabilities) gets the defaults. */
bool settings_read(int family, struct settings *s);

#endif
