/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interposes the functions of the C library that send to sockets and receive from them.
 * For sockets of ours they call compat/wire; for all other descriptors, the C library. */
/* The functions for the two sizes of time_t are separate here. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "clock.h"
#include "export.h"
#include "memory.h"
#include "next.h"
#include "sockets.h"
#include "traffic.h"

#ifdef __GLIBC__
/* Called instead by programs compiled with _FORTIFY_SOURCE; not declared in headers. The
 * last size is that of the buffer, if the compiler knew it. */
ssize_t __read_chk(int fd, void *buf, size_t n, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t size, int flags,
		       struct sockaddr *address, socklen_t *len);

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

/* Whether fd turns out not to be our socket; then nothing was sent or received. So after
 * an error, except EAGAIN and EINTR, the kernel is asked what fd is. */
static bool is_other(int fd, ssize_t result)
{
	return result < 0 && errno != EAGAIN && errno != EINTR && !sockets_ask(fd);
}

/* s is the socket of ours that fd was found to be, or NULL. Returns the result of the call
 * "ours" if it is one, and else that of the C library's function. */
#define SERVE(found, fd, ours, next)					\
	struct ipq_socket *s = found;					\
	ssize_t result = s ? ours : -1;					\
									\
	return s && !is_other(fd, result) ? result : next

EXPORT ssize_t send(int fd, const void *buf, size_t n, int flags)
{
	SERVE(sockets_find(fd), fd, traffic_send_one(s, fd, buf, n, flags),
	      NEXT(send)(fd, buf, n, flags));
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

	SERVE(sockets_find(fd), fd, traffic_send(s, fd, &msg, flags),
	      NEXT(sendto)(fd, buf, n, flags, address, len));
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	SERVE(sockets_find(fd), fd, traffic_send(s, fd, msg, flags),
	      NEXT(sendmsg)(fd, msg, flags));
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
	SERVE(sockets_find(fd), fd, traffic_send_one(s, fd, buf, n, 0),
	      NEXT(write)(fd, buf, n));
}

EXPORT ssize_t writev(int fd, const struct iovec *iov, int count)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = count };

	SERVE(count < 0 || count > IOV_MAX ? NULL : sockets_find(fd), fd,
	      traffic_send(s, fd, &msg, 0), NEXT(writev)(fd, iov, count));
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
	SERVE(sockets_find(fd), fd, traffic_receive_one(s, fd, buf, n, flags),
	      NEXT(recv)(fd, buf, n, flags));
}

EXPORT ssize_t recvfrom(int fd, void *restrict buf, size_t n, int flags,
			struct sockaddr *restrict address, socklen_t *restrict len)
{
	SERVE(sockets_find(fd), fd, receive_one(s, fd, buf, n, flags, address, len),
	      NEXT(recvfrom)(fd, buf, n, flags, address, len));
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

/* timeout is in ns; INT64_MAX: no timeout. */
static int receive_many(struct ipq_socket *s, int fd, struct mmsghdr *msgs,
			unsigned int count, mmsg_flags flags, int64_t timeout)
{
	int64_t start = clock_ns();
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
		if (timeout < INT64_MAX && clock_ns() - start >= timeout) {
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
		limit = clock_in_ns(timeout->tv_sec, timeout->tv_nsec);	\
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
	SERVE(sockets_find(fd), fd, read_one(s, fd, buf, n), NEXT(read)(fd, buf, n));
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
	SERVE(n <= size ? sockets_find(fd) : NULL, fd, read_one(s, fd, buf, n),
	      NEXT(__read_chk)(fd, buf, n, size));
}

EXPORT ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags)
{
	SERVE(n <= size ? sockets_find(fd) : NULL, fd,
	      traffic_receive_one(s, fd, buf, n, flags),
	      NEXT(__recv_chk)(fd, buf, n, size, flags));
}

EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t size, int flags,
			      struct sockaddr *address, socklen_t *len)
{
	SERVE(n <= size ? sockets_find(fd) : NULL, fd,
	      receive_one(s, fd, buf, n, flags, address, len),
	      NEXT(__recvfrom_chk)(fd, buf, n, size, flags, address, len));
}
#endif

#ifdef HAS_TIME64
/* glibc, too, uses one function for each of these pairs. */
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
