/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to a program whose system calls are handed over to this process: its memory is
 * that of another process, and its descriptors are used through duplicates. This header
 * is included before all others when compat/wire is compiled for ipq-run; program.h in
 * that folder says what each function is for. */
#ifndef SUPERVISE_OUTSIDE_H
#define SUPERVISE_OUTSIDE_H

#include <errno.h>
#include <sys/mman.h>

#include "kept.h"
#include "missed.h"
#include "narrow.h"
#include "program.h"
#include "served.h"
#include "thread.h"

/* The structs have been copied already, as the program could change its own meanwhile. */
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
	/* layout_put_all reports an error */
	thread_write_later(served_thread(), to, from, n);
	return 0;
}

static inline bool program_is_here(void)
{
	return false;
}

static inline size_t program_request_size(void)
{
	return served_is_narrow() ? NARROW_REQUEST : sizeof(struct request);
}

static inline void program_widen(struct request *r)
{
	if (served_is_narrow())
		narrow_widen(r);
}

static inline bool program_has_made(const struct ipq_socket *s, const struct request *r)
{
	return missed_has_made(s, r);
}

/* The message itself stays as it is, as it may be kept for another program. */
static inline size_t program_narrow(const void **message, size_t n)
{
	static unsigned char copy[KEPT_ROOM];
	size_t less;

	if (!served_is_narrow())
		return 0;
	less = narrow_copy(copy, *message, n);
	*message = copy;
	return less;
}

/* kept_room serves for all messages: there is only one at a time, and kept_keep needs the
 * last one. */
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

/* The descriptor was recognized by the socket's port ID in this same system call. */
static inline bool program_has_socket(int fd)
{
	(void)fd;
	return true;
}

static inline ssize_t program_receive(struct ipq_socket *s, int fd, void *buf, size_t len,
				      size_t room, int flags)
{
	/* of the messages that are longer than the room only those of packets matter */
	return kept_receive(s, fd, buf, len, room + (served_is_narrow() ? NARROW_LESS : 0),
			    flags);
}

#endif
