/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of program.h for a program that is this process, whose memory and
 * descriptors can be used directly. Included before all other headers when compat/wire is
 * compiled for the preload library. */
#ifndef PRELOAD_INSIDE_H
#define PRELOAD_INSIDE_H

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "memory.h"
#include "program.h"
#include "sockets.h"

static inline bool program_describes(const void *at, size_t n)
{
	return memory_is_there(at, n);
}

static inline int program_get(void *to, const void *from, size_t n)
{
	if (!memory_is_there(from, n)) {
		errno = EFAULT;
		return -1;
	}
	memcpy(to, from, n);
	return 0;
}

static inline int program_put(void *to, const void *from, size_t n)
{
	if (!memory_is_there(to, n)) {
		errno = EFAULT;
		return -1;
	}
	memcpy(to, from, n);
	return 0;
}

static inline bool program_is_here(void)
{
	return true;
}

/* The program and we are one process, with one form of messages. */
static inline size_t program_request_size(void)
{
	return sizeof(struct request);
}

static inline void program_widen(struct request *r)
{
	(void)r;
}

static inline bool program_has_made(const struct ipq_socket *s, const struct request *r)
{
	(void)s;
	(void)r;
	return false;
}

static inline size_t program_narrow(const void **message, size_t n)
{
	(void)message;
	(void)n;
	return 0;
}

/* malloc(3) must not be called, as the program may be in a signal handler. */
struct scratch {
	unsigned char here[4096];
	void *data;
	size_t size;
};

static inline int scratch_take(struct scratch *scratch, size_t size)
{
	scratch->size = size;
	scratch->data = scratch->here;
	if (size <= sizeof(scratch->here))
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

	if (scratch->data != scratch->here)
		munmap(scratch->data, scratch->size);
	errno = saved;
}

static inline bool program_has_socket(int fd)
{
	return sockets_ask(fd);
}

static inline ssize_t program_receive(struct ipq_socket *s, int fd, void *buf, size_t len,
				      size_t room, int flags)
{
	ssize_t n = ip_queue_receive(&s->queue, fd, buf, len, flags);

	return n > 0 && (size_t)n > room ?
	       ip_queue_pass_over(&s->queue, fd, buf, room, flags, n) : n;
}

#endif
