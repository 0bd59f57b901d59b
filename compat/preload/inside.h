/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program whose process we are part of: its memory is ours, its descriptors too.
 * compat/wire is compiled with this ahead of everything else; program.h there says
 * what each function is for. */
#ifndef PRELOAD_INSIDE_H
#define PRELOAD_INSIDE_H

#include <errno.h>
#include <string.h>
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

static inline void *program_in_place(const void *at)
{
	return (void *)at;
}

static inline bool program_has_socket(int fd)
{
	return sockets_ask(fd);
}

static inline ssize_t program_receive(struct ipq_socket *s, int fd, void *buf, size_t len,
				      int flags)
{
	return ip_queue_receive(&s->queue, fd, buf, len, flags);
}

#endif
