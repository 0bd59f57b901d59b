/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interposes the functions of the C library that take a socket. For sockets of ours they
 * call sockets.h and compat/wire; for all other descriptors, the C library. */
/* fcntl and fcntl64 are separate functions here, not one whose types have
 * different sizes. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <linux/netlink.h>

#include "export.h"
#include "maxlens.h"
#include "memory.h"
#include "next.h"
#include "sockets.h"
#include "traffic.h"

/* The kernel's headers no longer have it. */
#define NETLINK_IP6_FW 13

#ifdef __GLIBC__
/* Called instead by programs compiled with _FORTIFY_SOURCE; not declared in headers. The
 * last size is that of the buffer, if the compiler knew it. */
ssize_t __read_chk(int fd, void *buf, size_t n, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t size, int flags,
		       struct sockaddr *address, socklen_t *len);
int fcntl64(int fd, int command, ...);

/* Called instead by 32-bit programs compiled with a 64-bit time_t (_TIME_BITS). */
#if __TIMESIZE == 32 && __GLIBC_PREREQ(2, 34)
#define HAS_TIME64
struct time64 {
	int64_t tv_sec;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	int32_t unused;
#endif
	int32_t tv_nsec;
};

int __fcntl_time64(int fd, int command, ...);
ssize_t __sendmsg64(int fd, const struct msghdr *msg, int flags);
ssize_t __recvmsg64(int fd, struct msghdr *msg, int flags);
int __sendmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags);
int __recvmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
		 struct time64 *timeout);
#endif

typedef int mmsg_flags;
#else
/* musl declares sendmmsg and recvmmsg with unsigned flags, like the kernel */
typedef unsigned int mmsg_flags;
#endif

/* fd is new. The number may have been that of a socket of ours. */
static int appeared(int fd)
{
	sockets_appeared(fd);
	return fd;
}

/* Whether fd turns out not to be our socket; then nothing was sent or received. So after
 * an error, except EAGAIN and EINTR, the kernel is asked what fd is. */
static bool is_other(int fd, ssize_t result)
{
	return result < 0 && errno != EAGAIN && errno != EINTR && !sockets_ask(fd);
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

EXPORT ssize_t send(int fd, const void *buf, size_t n, int flags)
{
	struct ipq_socket *s = sockets_find(fd);
	ssize_t sent = s ? traffic_send_one(s, fd, buf, n, flags) : -1;

	return s && !is_other(fd, sent) ? sent : NEXT(send)(fd, buf, n, flags);
}

EXPORT ssize_t sendto(int fd, const void *buf, size_t n, int flags,
		      const struct sockaddr *address, socklen_t len)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = n };
	struct msghdr msg = {
		.msg_name = (void *)address,
		.msg_namelen = len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	struct ipq_socket *s = sockets_find(fd);
	ssize_t sent = s ? traffic_send(s, fd, &msg, flags) : -1;

	return s && !is_other(fd, sent) ? sent :
	       NEXT(sendto)(fd, buf, n, flags, address, len);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct ipq_socket *s = sockets_find(fd);
	ssize_t sent = s ? traffic_send(s, fd, msg, flags) : -1;

	return s && !is_other(fd, sent) ? sent : NEXT(sendmsg)(fd, msg, flags);
}

EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int count, mmsg_flags flags)
{
	struct ipq_socket *s = sockets_ask(fd);
	unsigned int i;
	ssize_t n;

	if (!s)
		return NEXT(sendmmsg)(fd, msgs, count, flags);
	for (i = 0; i < count; i++) {
		n = traffic_send(s, fd, &msgs[i].msg_hdr, flags);
		if (n < 0)
			break;
		msgs[i].msg_len = n;
	}
	return i || !count ? (int)i : -1;
}

EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
	struct ipq_socket *s = sockets_find(fd);
	ssize_t sent = s ? traffic_send_one(s, fd, buf, n, 0) : -1;

	return s && !is_other(fd, sent) ? sent : NEXT(write)(fd, buf, n);
}

EXPORT ssize_t writev(int fd, const struct iovec *iov, int count)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = count };
	struct ipq_socket *s = count < 0 || count > IOV_MAX ? NULL : sockets_find(fd);
	ssize_t sent = s ? traffic_send(s, fd, &msg, 0) : -1;

	return s && !is_other(fd, sent) ? sent : NEXT(writev)(fd, iov, count);
}

/* recvfrom(2), into one buffer. */
static ssize_t receive_one(struct ipq_socket *s, int fd, void *buf, size_t n,
			   int flags, struct sockaddr *address, socklen_t *len)
{
	ssize_t received;

	if (address && !memory_is_there(len, sizeof(*len))) {
		errno = EFAULT;
		return -1;
	}
	received = traffic_receive_one(s, fd, buf, n, flags);
	if (received >= 0 && address && !memory_is_there(address, 1)) {
		errno = EFAULT;
		return -1;
	}
	if (received >= 0 && address)
		netlink_put_address(0, address, len);
	return received;
}

EXPORT ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	struct ipq_socket *s = sockets_find(fd);
	ssize_t received = s ? traffic_receive_one(s, fd, buf, n, flags) : -1;

	return s && !is_other(fd, received) ? received : NEXT(recv)(fd, buf, n, flags);
}

EXPORT ssize_t recvfrom(int fd, void *restrict buf, size_t n, int flags,
			struct sockaddr *restrict address, socklen_t *restrict len)
{
	struct ipq_socket *s = sockets_find(fd);
	ssize_t received = s ? receive_one(s, fd, buf, n, flags, address, len) : -1;

	return s && !is_other(fd, received) ? received :
	       NEXT(recvfrom)(fd, buf, n, flags, address, len);
}

/* A message may contain descriptors, which may be sockets of ours (SCM_RIGHTS). */
static void look_for_descriptors(struct msghdr *msg)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int fd;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			sockets_arrived(fd);
		}
	}
}

#define RECVMSG(name, fd, msg, flags)					\
	struct ipq_socket *s = sockets_find(fd);			\
	ssize_t n = s ? traffic_receive(s, fd, msg, flags) : -1;	\
									\
	if (s && !is_other(fd, n))					\
		return n;						\
	n = NEXT(name)(fd, msg, flags);					\
	if (n >= 0 && msg->msg_controllen)				\
		look_for_descriptors(msg);				\
	return n

EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	RECVMSG(recvmsg, fd, msg, flags);
}

#define NS_PER_S 1000000000

/* Returns -1 if the time is not valid (as timespec64_valid in the kernel). */
static int64_t in_ns(int64_t sec, int64_t nsec)
{
	if (sec < 0 || nsec < 0 || nsec >= NS_PER_S)
		return -1;
	return sec < INT64_MAX / NS_PER_S ? sec * NS_PER_S + nsec : INT64_MAX;
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return in_ns(ts.tv_sec, ts.tv_nsec);
}

/* timeout is in ns; INT64_MAX: no timeout. */
static int receive_many(struct ipq_socket *s, int fd, struct mmsghdr *msgs,
			unsigned int count, mmsg_flags flags, int64_t timeout)
{
	int64_t start = now();
	unsigned int i;
	ssize_t n;

	if (timeout < 0) {
		errno = EINVAL;
		return -1;
	}
	for (i = 0; i < count; i++) {
		n = traffic_receive(s, fd, &msgs[i].msg_hdr, flags & ~MSG_WAITFORONE);
		if (n < 0)
			break;
		msgs[i].msg_len = n;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		/* as documented in recvmmsg(2), the timeout is checked after
		 * each message only */
		if (timeout < INT64_MAX && now() - start >= timeout) {
			i++;
			break;
		}
	}
	return i || !count ? (int)i : -1;
}

#define RECVMMSG(name, fd, msgs, count, flags, timeout)			\
	struct ipq_socket *s = sockets_ask(fd);				\
	int64_t limit = INT64_MAX;					\
	int received;							\
									\
	if (!s) {							\
		received = NEXT(name)(fd, msgs, count, flags, timeout);	\
		for (int i = 0; i < received; i++)			\
			if (msgs[i].msg_hdr.msg_controllen)		\
				look_for_descriptors(&msgs[i].msg_hdr);	\
		return received;					\
	}								\
	if (timeout && !memory_is_there(timeout, sizeof(*timeout))) {	\
		errno = EFAULT;						\
		return -1;						\
	}								\
	if (timeout)							\
		limit = in_ns(timeout->tv_sec, timeout->tv_nsec);	\
	return receive_many(s, fd, msgs, count, flags, limit)

EXPORT int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, mmsg_flags flags,
		    struct timespec *timeout)
{
	RECVMMSG(recvmmsg, fd, msgs, count, flags, timeout);
}

/* A read of 0 bytes does not take a message (sock_read_iter in the kernel). */
static ssize_t read_one(struct ipq_socket *s, int fd, void *buf, size_t n)
{
	if (n)
		return traffic_receive_one(s, fd, buf, n, 0);
	if (sockets_ask(fd))
		return 0;
	errno = ENOTSOCK;
	return -1;
}

EXPORT ssize_t read(int fd, void *buf, size_t n)
{
	struct ipq_socket *s = sockets_find(fd);
	ssize_t received = s ? read_one(s, fd, buf, n) : -1;

	return s && !is_other(fd, received) ? received : NEXT(read)(fd, buf, n);
}

EXPORT ssize_t readv(int fd, const struct iovec *iov, int count)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = count };
	struct ipq_socket *s = count < 0 || count > IOV_MAX ? NULL : sockets_ask(fd);
	size_t total = 0;

	/* for an invalid count or array, the kernel returns the error */
	if (!s || !memory_is_there(iov, count * sizeof(*iov)))
		return NEXT(readv)(fd, iov, count);
	for (int i = 0; i < count; i++)
		total += iov[i].iov_len;
	return total ? traffic_receive(s, fd, &msg, 0) : 0;
}

#ifdef __GLIBC__
/* If n is too large, the C library's function ends the program. */
EXPORT ssize_t __read_chk(int fd, void *buf, size_t n, size_t size)
{
	struct ipq_socket *s = n <= size ? sockets_find(fd) : NULL;
	ssize_t received = s ? read_one(s, fd, buf, n) : -1;

	return s && !is_other(fd, received) ? received :
	       NEXT(__read_chk)(fd, buf, n, size);
}

EXPORT ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags)
{
	struct ipq_socket *s = n <= size ? sockets_find(fd) : NULL;
	ssize_t received = s ? traffic_receive_one(s, fd, buf, n, flags) : -1;

	return s && !is_other(fd, received) ? received :
	       NEXT(__recv_chk)(fd, buf, n, size, flags);
}

EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t size, int flags,
			      struct sockaddr *address, socklen_t *len)
{
	struct ipq_socket *s = n <= size ? sockets_find(fd) : NULL;
	ssize_t received = s ? receive_one(s, fd, buf, n, flags, address, len) : -1;

	return s && !is_other(fd, received) ? received :
	       NEXT(__recvfrom_chk)(fd, buf, n, size, flags, address, len);
}
#endif

#ifdef HAS_TIME64
/* glibc, too, uses one function for each of these pairs. */
EXPORT int __fcntl_time64(int fd, int command, ...) __attribute__((alias("fcntl64")));
EXPORT ssize_t __sendmsg64(int fd, const struct msghdr *msg, int flags)
	__attribute__((alias("sendmsg")));
EXPORT int __sendmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
	__attribute__((alias("sendmmsg")));

EXPORT ssize_t __recvmsg64(int fd, struct msghdr *msg, int flags)
{
	RECVMSG(__recvmsg64, fd, msg, flags);
}

EXPORT int __recvmmsg64(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
			struct time64 *timeout)
{
	RECVMMSG(__recvmmsg64, fd, msgs, count, flags, timeout);
}
#endif
