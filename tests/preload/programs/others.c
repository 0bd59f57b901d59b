/* SPDX-License-Identifier: GPL-2.0-or-later */
/* others [remembered]: calls all functions that the library interposes, on descriptors
 * that are no ip_queue sockets and with valid and invalid arguments, and prints each
 * result. The output must be the same without the library. With an argument, the number
 * of the descriptor was an ip_queue socket before each call. */
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "old.h"

static int fd;
static int ours = -1;		/* an ip_queue socket, if there is to be one */
static char *nowhere;		/* address of memory that cannot be used */

/* Makes fd an ip_queue socket, uses it, and makes it what it was before. The library does
 * not see the second change. */
static void be_ours(void)
{
	int saved, type, flags;
	socklen_t len = sizeof(type);

	if (ours < 0 || fd < 0)
		return;
	flags = fcntl(fd, F_GETFD) == FD_CLOEXEC ? O_CLOEXEC : 0;
	saved = syscall(SYS_dup, fd);
	check(saved >= 0 && dup2(ours, fd) == fd);
	check(write(fd, "", 0) == 0);
	if (getsockopt(saved, SOL_SOCKET, SO_TYPE, &type, &len))
		check(syscall(SYS_dup3, saved, fd, flags) == fd);
	else
		check(dup3(saved, fd, flags) == fd);
	check(syscall(SYS_close, saved) == 0);
}

#define SHOW(call)							\
	do {								\
		long result;						\
									\
		be_ours();						\
		errno = 0;						\
		result = (long)(call);					\
		printf("%s: %ld, errno %d\n", #call, result,		\
		       result < 0 ? errno : 0);				\
	} while (0)

static void names(void)
{
	struct sockaddr_storage a = { .ss_family = AF_INET };
	struct sockaddr *address = (struct sockaddr *)&a;
	socklen_t len = sizeof(a);

	SHOW(bind(fd, NULL, 0));
	SHOW(bind(fd, address, 3));
	SHOW(bind(fd, address, 4000));
	SHOW(bind(fd, (struct sockaddr *)nowhere, 16));
	SHOW(connect(fd, NULL, 0));
	SHOW(connect(fd, (struct sockaddr *)nowhere, 16));
	SHOW(connect(fd, address, 2));
	SHOW(getsockname(fd, address, &len));
	SHOW(len);
	SHOW(getsockname(fd, NULL, &len));
	SHOW(getsockname(fd, address, NULL));
	len = -1;
	SHOW(getsockname(fd, address, &len));
	SHOW(getpeername(fd, address, &len));
	SHOW(accept(fd, NULL, NULL));
	SHOW(accept4(fd, address, NULL, 0xffff));
}

static void copies(void)
{
	SHOW(dup(fd) >= 0);
	SHOW(dup2(fd, fd) == fd);
	SHOW(dup2(fd, -1));
	SHOW(dup2(fd, INT_MAX));
	SHOW(dup3(fd, fd, 0));
	SHOW(dup3(fd, 400, 0xffff));
	SHOW(fcntl(fd, F_DUPFD, -1));
	SHOW(fcntl(fd, F_DUPFD, INT_MAX));
	SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 450));
	SHOW(fcntl(450, F_GETFD));
	SHOW(close(450));
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_SETFD, FD_CLOEXEC));
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_GETFL));
	SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
	SHOW(fcntl(fd, F_GETFL));
	SHOW(fcntl(fd, F_GETLK, NULL));
	SHOW(fcntl(fd, F_GETLK, nowhere));
	SHOW(fcntl(fd, 12345, 0));
}

static void sends(void)
{
	struct iovec iov[2] = { { nowhere, 4 }, { (char *)"1234", 4 } };
	struct msghdr good = { .msg_iov = iov + 1, .msg_iovlen = 1 };
	struct msghdr bad = { .msg_iov = iov, .msg_iovlen = 1 };
	struct msghdr many = { .msg_iov = iov, .msg_iovlen = 1025 };
	struct mmsghdr two[2] = { { .msg_hdr = good }, { .msg_hdr = bad } };

	SHOW(send(fd, "1234", 4, MSG_NOSIGNAL));
	SHOW(send(fd, nowhere, 4, MSG_NOSIGNAL));
	SHOW(send(fd, NULL, 0, MSG_NOSIGNAL | MSG_OOB));
	SHOW(sendto(fd, "1234", 4, MSG_NOSIGNAL, (struct sockaddr *)nowhere, 16));
	SHOW(sendto(fd, "1234", 4, MSG_NOSIGNAL, (struct sockaddr *)two, 4000));
	SHOW(sendmsg(fd, &good, MSG_NOSIGNAL));
	SHOW(sendmsg(fd, &bad, MSG_NOSIGNAL));
	SHOW(sendmsg(fd, &many, MSG_NOSIGNAL));
	SHOW(sendmsg(fd, (struct msghdr *)nowhere, MSG_NOSIGNAL));
	SHOW(sendmmsg(fd, two, 2, MSG_NOSIGNAL));
	SHOW(two[0].msg_len);
	SHOW(sendmmsg(fd, two, 0, MSG_NOSIGNAL));
	SHOW(write(fd, "1234", 4));
	SHOW(write(fd, nowhere, 4));
	SHOW(write(fd, NULL, 0));
	SHOW(write(fd, "", (size_t)-1));
	SHOW(writev(fd, iov + 1, 1));
	SHOW(writev(fd, iov, 2));
	SHOW(writev(fd, iov, -1));
	SHOW(writev(fd, iov, 1025));
	SHOW(writev(fd, NULL, 1));
	SHOW(writev(fd, NULL, 0));
	SHOW(writev(fd, (struct iovec *)nowhere, 1));
}

static void receives(void)
{
	char buf[64];
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	struct iovec iov[2] = { { buf, 8 }, { nowhere, 8 } };
	struct msghdr good = { .msg_iov = iov, .msg_iovlen = 1 };
	struct msghdr bad = { .msg_iov = iov + 1, .msg_iovlen = 1 };
	struct mmsghdr two[2] = { { .msg_hdr = good }, { .msg_hdr = good } };
	struct timespec invalid = { .tv_nsec = -1 };

	SHOW(recv(fd, buf, 3, MSG_DONTWAIT | MSG_PEEK));
	SHOW(recv(fd, nowhere, 3, MSG_DONTWAIT));
	SHOW(recv(fd, buf, 0, MSG_DONTWAIT));
	SHOW(recv(fd, buf, 3, MSG_DONTWAIT | MSG_OOB));
	SHOW(recvfrom(fd, buf, 3, MSG_DONTWAIT, (struct sockaddr *)&from, &len));
	SHOW(len);
	SHOW(recvfrom(fd, buf, 3, MSG_DONTWAIT, (struct sockaddr *)&from, NULL));
	SHOW(recvmsg(fd, &good, MSG_DONTWAIT | MSG_TRUNC));
	SHOW(good.msg_flags);
	SHOW(recvmsg(fd, &bad, MSG_DONTWAIT));
	SHOW(recvmsg(fd, NULL, MSG_DONTWAIT));
	SHOW(recvmmsg(fd, two, 2, MSG_DONTWAIT, NULL));
	SHOW(recvmmsg(fd, two, 2, MSG_DONTWAIT, &invalid));
	SHOW(recvmmsg(fd, two, 0, MSG_DONTWAIT, NULL));
	SHOW(read(fd, buf, 2));
	SHOW(read(fd, nowhere, 2));
	SHOW(read(fd, buf, 0));
	SHOW(read(fd, buf, (size_t)-1) < 0);
	SHOW(readv(fd, iov, 1));
	SHOW(readv(fd, iov + 1, 1));
	SHOW(readv(fd, iov, -1));
	SHOW(readv(fd, iov, 1025));
	SHOW(readv(fd, NULL, 1));
	SHOW(readv(fd, NULL, 0));
}

static void everything(const char *what, int descriptor)
{
	printf("== %s\n", what);
	fd = descriptor;
	check(fd < 0 || !fcntl(fd, F_SETFL, O_NONBLOCK));
	names();
	copies();
	sends();
	receives();
}

/* With port ID 0, each socket would get another one. */
static int route_socket(void)
{
	int route = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = 777 };

	check(route >= 0 && !bind(route, (struct sockaddr *)&nl, sizeof(nl)));
	return route;
}

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	int ends[2];

	old_limit();
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	signal(SIGPIPE, SIG_IGN);
	nowhere = mmap(NULL, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(nowhere != MAP_FAILED);
	(void)argv;
	/* without the library, this fails */
	if (argc > 1)
		ours = socket(AF_NETLINK, SOCK_RAW, NETLINK_FIREWALL);
	everything("none", -1);
	check(!pipe(ends));
	everything("the end of a pipe to read", ends[0]);
	everything("the end of a pipe to write", ends[1]);
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	everything("a Unix socket", ends[0]);
	check(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends));
	check(write(ends[1], "a message", 9) == 9);
	everything("another", ends[0]);
	everything("TCP", socket(AF_INET, SOCK_STREAM, 0));
	everything("UDP", socket(AF_INET, SOCK_DGRAM, 0));
	everything("netlink", route_socket());
	everything("a file", open("/tmp", O_TMPFILE | O_RDWR, 0600));
	everything("a directory", open("/", O_RDONLY));
	SHOW(socket(AF_NETLINK, SOCK_STREAM, NETLINK_FIREWALL));
	SHOW(socket(AF_NETLINK, SOCK_RAW | 0x100000, NETLINK_IP6_FW));
	SHOW(socket(AF_NETLINK, SOCK_RAW, 99));
	SHOW(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 300));
	SHOW(socket(12345, SOCK_RAW, 3));
	SHOW(socketpair(AF_INET, SOCK_STREAM, 0, NULL));
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, NULL));
	/* numbers that no descriptor can have */
	fd = -1;
	SHOW(send(INT_MAX, "1234", 4, 0));
	SHOW(recv(INT_MAX, NULL, 4, 0));
	SHOW(bind(INT_MAX, NULL, 0));
	SHOW(dup(INT_MAX));
	SHOW(close(INT_MAX));
	return 0;
}
