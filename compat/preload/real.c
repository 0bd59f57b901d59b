/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library's own functions, under names that this library does not interpose. Does
 * not know what they are used for. */
#include <unistd.h>
#include <sys/socket.h>

#include "next.h"

int real_socket(int domain, int type, int protocol);
int real_bind(int fd, const struct sockaddr *address, socklen_t len);
int real_close(int fd);
ssize_t real_send(int fd, const void *data, size_t len, int flags);
ssize_t real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t real_recv(int fd, void *data, size_t len, int flags);
ssize_t real_recvmsg(int fd, struct msghdr *msg, int flags);
int real_recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
		  struct timespec *timeout);
int real_getsockname(int fd, struct sockaddr *address, socklen_t *len);

int real_socket(int domain, int type, int protocol)
{
	return NEXT(socket)(domain, type, protocol);
}

int real_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return NEXT(bind)(fd, address, len);
}

int real_close(int fd)
{
	return NEXT(close)(fd);
}

ssize_t real_send(int fd, const void *data, size_t len, int flags)
{
	return NEXT(send)(fd, data, len, flags);
}

ssize_t real_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return NEXT(sendmsg)(fd, msg, flags);
}

ssize_t real_recv(int fd, void *data, size_t len, int flags)
{
	return NEXT(recv)(fd, data, len, flags);
}

ssize_t real_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return NEXT(recvmsg)(fd, msg, flags);
}

int real_recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
		  struct timespec *timeout)
{
	return NEXT(recvmmsg)(fd, msgs, count, flags, timeout);
}

int real_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
	return NEXT(getsockname)(fd, address, len);
}
