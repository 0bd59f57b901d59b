/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interposes fdopen(3): on our sockets, streams must call the interposed
 * read(2), write(2) and close(2), where the C library would use its own. Knows
 * nothing of messages. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "export.h"
#include "next.h"
#include "sockets.h"

static int descriptor(void *cookie)
{
	return (intptr_t)cookie;
}

static ssize_t read_stream(void *cookie, char *buf, size_t n)
{
	return read(descriptor(cookie), buf, n);
}

/* In fopencookie(3), the function's error value is 0. */
static ssize_t write_stream(void *cookie, const char *data, size_t n)
{
	ssize_t written = write(descriptor(cookie), data, n);

	return written < 0 ? 0 : written;
}

static int close_stream(void *cookie)
{
	return close(descriptor(cookie));
}

EXPORT FILE *fdopen(int fd, const char *mode)
{
	static const cookie_io_functions_t functions = {
		.read = read_stream, .write = write_stream, .close = close_stream,
	};
	int saved = errno;
	FILE *stream;

	if (!sockets_ask(fd))
		return NEXT(fdopen)(fd, mode);
	stream = fopencookie((void *)(intptr_t)fd, mode, functions);
#ifdef __GLIBC__
	if (stream)
		stream->_fileno = fd;	/* only for fileno(3) */
#endif
	errno = stream ? saved : errno;
	return stream;
}
