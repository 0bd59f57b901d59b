/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls that are handed over: taken, answered, and those that wait meanwhile. Knows
 * nothing of what they do. */
#ifndef SUPERVISE_NOTICES_H
#define SUPERVISE_NOTICES_H

#include <stdbool.h>

#include "call.h"

/* They come by listener. False and errno. */
bool notices_begin(int listener, const struct window *w);

/* A descriptor beside it; when it is readable notices_take returns. */
bool notices_watch(int fd);

enum notice {
	NOTICE_NONE,
	NOTICE_OF_SIGNAL,	/* what is watched is readable */
	NOTICE_OF_END,		/* no process is left that could hand over calls */
};

/* Waits for what comes next, and sees to it. */
enum notice notices_take(void);

#endif
