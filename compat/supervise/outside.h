/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that hands its calls over: its memory is another process's, and descriptors
 * are looked at through duplicates of ours. compat/wire is compiled with this ahead of
 * everything else; program.h there says what each function is for. */
#ifndef SUPERVISE_OUTSIDE_H
#define SUPERVISE_OUTSIDE_H

#include <errno.h>
#include <sys/mman.h>

#include "kept.h"
#include "program.h"
#include "served.h"
#include "thread.h"

/* Copied before: the program's own may change while it is looked at. */
static inline bool program_describes(const void *at, size_t n)
{
	(void)at;
	(void)n;
	return true;
}

static inline int program_get(void *to, const void *from, size_t n)
{
	return thread_read(served_thread(), to, from, n);
}

static inline int program_put(void *to, const void *from, size_t n)
{
	return thread_write(served_thread(), to, from, n);
}

static inline bool program_is_here(void)
{
	return false;
}

/* One message at a time is carried; what was received last may be asked for again. */
struct scratch {
	void *data;
	size_t size;
};

static inline int scratch_take(struct scratch *scratch, size_t size)
{
	scratch->data = kept_room;
	scratch->size = size;
	if (size <= KEPT_ROOM)
		return 0;
	scratch->data = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (scratch->data != MAP_FAILED)
		return 0;
	errno = ENOBUFS;
	return -1;
}

static inline void scratch_give(struct scratch *scratch)
{
	int saved = errno;

	if (scratch->data != kept_room)
		munmap(scratch->data, scratch->size);
	errno = saved;
}

/* Its name told. */
static inline bool program_has_socket(int fd)
{
	(void)fd;
	return true;
}

static inline ssize_t program_receive(struct ipq_socket *s, int fd, void *buf, size_t len,
				      size_t room, int flags)
{
	return kept_receive(s, fd, buf, len, room, flags);
}

#endif
