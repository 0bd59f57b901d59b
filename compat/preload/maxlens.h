/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors by which this program may write how many packets are to wait. What the C
 * library writes by itself is not seen; so what has been written is looked at when one
 * is closed. */
#ifndef PRELOAD_MAXLENS_H
#define PRELOAD_MAXLENS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "files.h"

/* Whether the program, or one that it was forked from, has ever opened one. */
extern atomic_bool maxlens_opened_any;

static inline bool maxlens_any(void)
{
	return atomic_load_explicit(&maxlens_opened_any, memory_order_relaxed);
}

/* fd, if it is none of those that stand for an error, was opened with these flags. */
void maxlens_opened(enum module_file file, int fd, int flags);

/* fd is a duplicate of from. */
void maxlens_duplicated(int from, int fd);

/* fd is about to be closed, or to be another file's. Whether it is one of them. */
bool maxlens_closing(int fd);

/* It has been: has the queues know what it was used for. */
void maxlens_closed(void);

#endif
