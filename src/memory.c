/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether memory that the program points to can be read, so that a bad address gives the
 * program an error (EFAULT), as with system calls. Knows nothing of what is in it. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "memory.h"

_Atomic uintptr_t memory_seen[MEMORY_SETS][MEMORY_PLACES];

/* Reads one byte as if from another process (process_vm_readv(2), which the kernel may
 * have been built without, or which may be forbidden). */
static bool can_be_read(uintptr_t at)
{
	char byte;
	const struct iovec here = { .iov_base = &byte, .iov_len = 1 };
	const struct iovec there = { .iov_base = (void *)at, .iov_len = 1 };
	int saved = errno;
	bool can;

	/* not getpid(), which ipq-run replaces when it supervises a program: it returns
	 * the process id of the program there */
	can = syscall(SYS_process_vm_readv, syscall(SYS_getpid), &here, 1L, &there, 1L,
		      0L) == 1;
	if (!can && errno != EFAULT) {
		/* rt_sigprocmask(2) reads the signal set before it checks its first
		 * argument, which is invalid here. So it fails with EFAULT or EINVAL,
		 * and changes nothing. It is the second choice because it reads more
		 * bytes than the caller has given, and memory checkers report that. */
		errno = 0;
		syscall(SYS_rt_sigprocmask, -1L, at, NULL, (size_t)_NSIG / 8);
		can = errno != EFAULT;
	}
	errno = saved;
	return can;
}

static void remember(uintptr_t page)
{
	_Atomic uintptr_t *set = memory_seen[page / MEMORY_PAGE % MEMORY_SETS];

	for (int i = MEMORY_PLACES - 1; i > 0; i--)
		atomic_store_explicit(&set[i], atomic_load_explicit(&set[i - 1],
								    memory_order_relaxed),
				      memory_order_relaxed);
	atomic_store_explicit(&set[0], page, memory_order_relaxed);
}

bool memory_ask(uintptr_t start, size_t len)
{
	uintptr_t last = start + len - 1, page;

	if (!len)
		return true;
	if (last < start)
		return false;
	for (page = start & -MEMORY_PAGE; page <= last; page += MEMORY_PAGE) {
		if (!page)
			return false;
		if (memory_was_there(page))
			continue;
		/* a byte that the caller has given, as others in the page may not be
		 * its */
		if (!can_be_read(page > start ? page : start))
			return false;
		remember(page);
	}
	return true;
}
