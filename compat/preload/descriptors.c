/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interposes the functions of the C library that make, name, duplicate and close sockets.
 * For sockets of ours they call sockets.h and compat/wire; for all other descriptors, the
 * C library. */
/* fcntl and fcntl64 are separate functions here, not one whose types have
 * different sizes. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/netlink.h>

#include "export.h"
#include "maxlens.h"
#include "next.h"
#include "sockets.h"
#include "traffic.h"

/* The kernel's headers no longer have it. */
#define NETLINK_IP6_FW 13

#ifdef __GLIBC__
int fcntl64(int fd, int command, ...);

/* Called instead by 32-bit programs compiled with a 64-bit time_t (_TIME_BITS). */
#if __TIMESIZE == 32 && __GLIBC_PREREQ(2, 34)
#define HAS_TIME64
int __fcntl_time64(int fd, int command, ...);
#endif
#endif

/* fd is new. The number may have been that of a socket of ours. */
static int appeared(int fd)
{
	sockets_appeared(fd);
	return fd;
}

EXPORT int socket(int domain, int type, int protocol)
{
	int kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (domain == AF_NETLINK && (kind == SOCK_RAW || kind == SOCK_DGRAM)) {
		if (protocol == NETLINK_FIREWALL)
			return netlink_open(AF_INET, type);
		if (protocol == NETLINK_IP6_FW)
			return netlink_open(AF_INET6, type);
	}
	return appeared(NEXT(socket)(domain, type, protocol));
}

EXPORT int socketpair(int domain, int type, int protocol, int fds[2])
{
	int result = NEXT(socketpair)(domain, type, protocol, fds);

	if (!result) {
		appeared(fds[0]);
		appeared(fds[1]);
	}
	return result;
}

EXPORT int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict len)
{
	return appeared(NEXT(accept)(fd, address, len));
}

EXPORT int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict len,
		   int flags)
{
	return appeared(NEXT(accept4)(fd, address, len, flags));
}

EXPORT int bind(int fd, const struct sockaddr *address, socklen_t len)
{
	struct ipq_socket *s = sockets_ask(fd);

	return s ? netlink_bind(s, address, len) : NEXT(bind)(fd, address, len);
}

EXPORT int connect(int fd, const struct sockaddr *address, socklen_t len)
{
	struct ipq_socket *s = sockets_ask(fd);

	return s ? netlink_connect(s, address, len) : NEXT(connect)(fd, address, len);
}

EXPORT int getsockname(int fd, struct sockaddr *restrict address,
		       socklen_t *restrict len)
{
	struct ipq_socket *s = sockets_ask(fd);

	return s ? netlink_name(s, address, len) : NEXT(getsockname)(fd, address, len);
}

/* copy is a new duplicate of fd. written: it replaced a maxlen file that was
 * open for writing. */
static int followed(int fd, int copy, bool written)
{
	if (maxlens_any())
		maxlens_duplicated(fd, copy);
	if (written)
		maxlens_closed();
	return copy;
}

static __attribute__((noinline)) int close_maxlen(int fd)
{
	bool written = maxlens_closing(fd);

	return followed(-1, NEXT(close)(fd), written);
}

/* It does no harm if a socket of ours is closed without this function. Closing the last
 * descriptor here sends verdicts that are held, releases private queue numbers and ends
 * the trace. The descriptor's number may be that of another file next. */
EXPORT int close(int fd)
{
	struct ipq_socket *s = sockets_find(fd) ? sockets_ask(fd) : NULL;
	int result;

	if (!s)
		return maxlens_any() ? close_maxlen(fd) : NEXT(close)(fd);
	sockets_appeared(fd);
	result = ip_queue_close(&s->queue, fd);
	sockets_closed(s);
	return result;
}

EXPORT int dup(int fd)
{
	int copy = NEXT(dup)(fd);

	sockets_duplicate(fd, copy);
	return followed(fd, copy, false);
}

/* dup2(2) closes the descriptor "to", unless it fails. If that is a socket of ours, keeps
 * a duplicate, which is closed like close(2) does if dup2 succeeds. */
static int keep(int fd, int to)
{
	int saved = errno;
	int spare = fd != to && sockets_find(to) && sockets_ask(to) ?
		   NEXT(fcntl)(to, F_DUPFD_CLOEXEC, 0) : -1;

	errno = saved;
	sockets_duplicate(to, spare);
	return spare;
}

static int replaced(int fd, int copy, int spare)
{
	int saved = errno;

	sockets_duplicate(fd, copy);
	if (spare >= 0 && copy < 0)
		NEXT(close)(spare);
	else if (spare >= 0)
		close(spare);
	errno = saved;
	return copy;
}

EXPORT int dup2(int fd, int to)
{
	bool written = fd != to && maxlens_any() && maxlens_closing(to);
	int spare = keep(fd, to);

	return followed(fd, replaced(fd, NEXT(dup2)(fd, to), spare), written);
}

EXPORT int dup3(int fd, int to, int flags)
{
	bool written = fd != to && maxlens_any() && maxlens_closing(to);
	int spare = keep(fd, to);

	return followed(fd, replaced(fd, NEXT(dup3)(fd, to, flags), spare), written);
}

#ifdef CLOSE_RANGE_UNSHARE	/* since glibc 2.34 */
/* Closes all numbers that ever were ours. Errors for those that are not
 * open are ignored. */
static void close_ours(unsigned int first, unsigned int last)
{
	int saved = errno;

	for (int fd = sockets_next(first); fd >= 0 && (unsigned int)fd <= last;
	     fd = sockets_next(fd + 1))
		close(fd);
	errno = saved;
}

EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	if (first <= last && !(flags & ~CLOSE_RANGE_UNSHARE) && sockets_next(first) >= 0) {
		/* other threads keep their descriptors */
		if (flags && unshare(CLONE_FILES))
			return -1;
		close_ours(first, last);
	}
	return NEXT(close_range)(first, last, flags);
}

EXPORT void closefrom(int first)
{
	close_ours(first < 0 ? 0 : first, UINT_MAX);
	NEXT(closefrom)(first);
}
#endif

/* No command has an argument that is larger than a pointer. */
#define FCNTL(name, fd, command)					\
	va_list args;							\
	void *arg;							\
	int result;							\
									\
	va_start(args, command);					\
	arg = va_arg(args, void *);					\
	va_end(args);							\
	result = NEXT(name)(fd, command, arg);				\
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {		\
		sockets_duplicate(fd, result);				\
		followed(fd, result, false);				\
	}								\
	return result

EXPORT int fcntl(int fd, int command, ...)
{
	FCNTL(fcntl, fd, command);
}

#ifdef __GLIBC__
EXPORT int fcntl64(int fd, int command, ...)
{
	FCNTL(fcntl64, fd, command);
}
#endif

#ifdef HAS_TIME64
/* glibc, too, uses one function for both. */
EXPORT int __fcntl_time64(int fd, int command, ...) __attribute__((alias("fcntl64")));
#endif
