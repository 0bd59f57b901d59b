/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives the system calls that are handed over, answers them, and keeps track of those
 * that wait for a message. Knows nothing of what the calls do. */
#ifndef SUPERVISE_NOTICES_H
#define SUPERVISE_NOTICES_H

#include <stdbool.h>

#include "call.h"

/* listener is the descriptor of filter_install. Returns false, with errno set, on
 * failure. */
bool notices_begin(int listener, const struct window *w);

/* Makes notices_take return when fd is readable. Returns false, with errno set, on
 * failure. */
bool notices_watch(int fd);

enum notice {
	NOTICE_NONE,
	NOTICE_OF_SIGNAL,	/* the descriptor of notices_watch is readable */
	NOTICE_OF_END,		/* no process with the filter is left */
};

/* Waits for the next events, and handles them. */
enum notice notices_take(void);

#endif
