/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the C library that fail on request. A program that is linked with this
 * file uses them instead of the real ones, and so do its libraries. close(2) is left out:
 * if it fails, the descriptor is closed nevertheless. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inject.h"

static _Thread_local struct {
	bool armed;
	unsigned int left;	/* calls until the one that fails; 0: no call fails */
	int error;
	const char *failed;
	long kept;
} state;

void inject_begin(unsigned int n, int error)
{
	state.left = n;
	state.error = error;
	state.failed = NULL;
	state.kept = 0;
	state.armed = true;
}

const char *inject_end(void)
{
	state.armed = false;
	return state.failed;
}

long inject_kept(void)
{
	return state.kept;
}

/* Returns whether this call is to fail, and sets errno if so. */
static bool fails(const char *name)
{
	if (!state.armed || !state.left || --state.left)
		return false;
	state.failed = name;
	errno = state.error;
	return true;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void __libc_free(void *p);

static void *keep(void *p)
{
	if (state.armed && p)
		state.kept++;
	return p;
}

void *malloc(size_t size)
{
	return fails("malloc") ? NULL : keep(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return fails("calloc") ? NULL : keep(__libc_calloc(n, size));
}

void free(void *p)
{
	if (state.armed && p)
		state.kept--;
	__libc_free(p);
}

/* The following functions are system calls, or made of one, and use syscall(2): dlsym(3),
 * which would find the real ones, allocates memory. */

int socket(int family, int type, int protocol)
{
	return fails("socket") ? -1 : syscall(SYS_socket, family, type, protocol);
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return fails("bind") ? -1 : syscall(SYS_bind, fd, address, len);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
	return fails("connect") ? -1 : syscall(SYS_connect, fd, address, len);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return fails("setsockopt") ? -1 :
	       syscall(SYS_setsockopt, fd, level, name, value, len);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return fails("getsockopt") ? -1 :
	       syscall(SYS_getsockopt, fd, level, name, value, len);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
	return fails("getsockname") ? -1 : syscall(SYS_getsockname, fd, address, len);
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *address, socklen_t address_len)
{
	return fails("sendto") ? -1 :
	       syscall(SYS_sendto, fd, buf, len, flags, address, address_len);
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return fails("send") ? -1 : syscall(SYS_sendto, fd, buf, len, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return fails("sendmsg") ? -1 : syscall(SYS_sendmsg, fd, msg, flags);
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	return fails("recv") ? -1 : syscall(SYS_recvfrom, fd, buf, len, flags, NULL, NULL);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	return fails("recvmsg") ? -1 : syscall(SYS_recvmsg, fd, msg, flags);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	return fails("ioctl") ? -1 : syscall(SYS_ioctl, fd, request, arg);
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
	  const sigset_t *mask)
{
	struct timespec left = timeout ? *timeout : (struct timespec) { 0 };

	return fails("ppoll") ? -1 :
	       syscall(SYS_ppoll, fds, n, timeout ? &left : NULL, mask, _NSIG / 8);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	return fails("write") ? -1 : syscall(SYS_write, fd, buf, len);
}

int dup2(int fd, int to)
{
	return fails("dup2") ? -1 : to == fd ? to : syscall(SYS_dup3, fd, to, 0);
}

int pipe2(int fds[2], int flags)
{
	return fails("pipe2") ? -1 : syscall(SYS_pipe2, fds, flags);
}

int memfd_create(const char *name, unsigned int flags)
{
	return fails("memfd_create") ? -1 : syscall(SYS_memfd_create, name, flags);
}

/* These are not plain system calls, or differ between architectures. */
#define REAL(name) ({							\
	static typeof(&name) real;					\
	bool armed = state.armed;					\
									\
	state.armed = false;						\
	if (!real)							\
		real = (typeof(&name))dlsym(RTLD_NEXT, #name);		\
	state.armed = armed;						\
	real;								\
})

FILE *fopen(const char *path, const char *mode)
{
	return fails("fopen") ? NULL : REAL(fopen)(path, mode);
}

void *mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
	return fails("mmap") ? MAP_FAILED :
	       REAL(mmap)(address, len, protection, flags, fd, offset);
}

off_t lseek(int fd, off_t offset, int whence)
{
	return fails("lseek") ? -1 : REAL(lseek)(fd, offset, whence);
}

pid_t fork(void)
{
	return fails("fork") ? -1 : REAL(fork)();
}
