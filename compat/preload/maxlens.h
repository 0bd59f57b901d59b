/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's descriptors of ip_queue_maxlen and ip6_queue_maxlen that are open for
 * writing. The C library's streams write without calling an interposed function, so the
 * value is read when a descriptor is closed. */
#ifndef PRELOAD_MAXLENS_H
#define PRELOAD_MAXLENS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "files.h"

/* Whether this program, or one that it was forked from, has ever opened such a file. */
extern atomic_bool maxlens_opened_any;

static inline bool maxlens_any(void)
{
	return atomic_load_explicit(&maxlens_opened_any, memory_order_relaxed);
}

/* Call when fd was opened with these flags as a file of the module. fd may be -1. */
void maxlens_opened(enum module_file file, int fd, int flags);

/* Call when fd is a duplicate of from. */
void maxlens_duplicated(int from, int fd);

/* Call before fd is closed or replaced. Returns whether it is one of
 * these descriptors. */
bool maxlens_closing(int fd);

/* If it was, call after it is closed: sets the maximum length of the queues. */
void maxlens_closed(void);

#endif
