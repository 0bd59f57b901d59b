/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether memory that a program names is there, so that a bad address is an
 * error for it, as with system calls. Knows nothing of what is in it. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/syscall.h>

#include "memory.h"

/* No page of Linux's is smaller. */
#define PAGE_SIZE 4096

/* Addresses of pages that were there, each in the place its address gives. */
#define SEEN 64
static _Atomic uintptr_t seen[SEEN];

/* The kernel reads the signals before it finds that it is not told what to do
 * with them (rt_sigprocmask): EFAULT or EINVAL, and nothing has changed. */
static bool kernel_can_read(uintptr_t page)
{
	int saved = errno;
	bool can = syscall(SYS_rt_sigprocmask, -1L, page, NULL, (size_t)_NSIG / 8) == 0 ||
		   errno != EFAULT;

	errno = saved;
	return can;
}

bool memory_is_there(const void *start, size_t len)
{
	uintptr_t first = (uintptr_t)start, last = first + len - 1, page;

	if (!len)
		return true;
	if (last < first)
		return false;
	for (page = first & -PAGE_SIZE; page <= last; page += PAGE_SIZE) {
		_Atomic uintptr_t *place = &seen[page / PAGE_SIZE % SEEN];

		if (!page)
			return false;
		if (atomic_load_explicit(place, memory_order_relaxed) == page)
			continue;
		if (!kernel_can_read(page))
			return false;
		atomic_store_explicit(place, page, memory_order_relaxed);
	}
	return true;
}
