/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether memory that the program points to can be read, so that a bad address gives the
 * program an error (EFAULT), as with system calls. Knows nothing of what is in it. */
#ifndef IPQ_MEMORY_H
#define IPQ_MEMORY_H

#include <stdbool.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The smallest page size of all architectures. */
#define MEMORY_PAGE 4096

/* A cache of addresses of pages that were found readable, associative in sets: a program
 * that uses a few pages (two buffers in turn, and a stack of a page or two) finds all of
 * them here for each packet, wherever they lie. */
#define MEMORY_SETS 32
#define MEMORY_PLACES 4
extern _Atomic uintptr_t memory_seen[MEMORY_SETS][MEMORY_PLACES];

static inline bool memory_was_there(uintptr_t page)
{
	_Atomic uintptr_t *set = memory_seen[page / MEMORY_PAGE % MEMORY_SETS];

	for (int i = 0; i < MEMORY_PLACES; i++)
		if (atomic_load_explicit(&set[i], memory_order_relaxed) == page)
			return true;
	return false;
}

/* Like memory_is_there, for any number of pages. */
bool memory_ask(uintptr_t start, size_t len);

/* Whether len bytes can be read. Makes a system call only if the page is not in the
 * cache; a page in the cache is assumed to be there still. */
static inline bool memory_is_there(const void *start, size_t len)
{
	uintptr_t first = (uintptr_t)start, page = first & -MEMORY_PAGE;

	return (page && len <= MEMORY_PAGE - first % MEMORY_PAGE &&
		memory_was_there(page)) || memory_ask(first, len);
}

#endif
