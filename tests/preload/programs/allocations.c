/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts allocations in a program that has no ip_queue socket, while it uses all other
 * kinds of descriptors. */
#include <fcntl.h>
#include <sys/uio.h>

#include "old.h"

static int allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	allocations++;
	return __libc_realloc(p, size);
}

int main(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(nl);
	int ends[2], route, copy;
	char buf[16];
	struct iovec iov = { buf, sizeof(buf) };
	struct mmsghdr msg = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };

	old_limit();
	check(allocations == 0);
	check(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	for (int i = 0; i < 2; i++) {
		check(write(ends[0], "x", 1) == 1 && read(ends[1], buf, 1) == 1);
		check(send(ends[0], "x", 1, 0) == 1 && recv(ends[1], buf, 1, 0) == 1);
		iov.iov_len = 1;
		check(writev(ends[0], &iov, 1) == 1 && readv(ends[1], &iov, 1) == 1);
		check(sendmsg(ends[0], &msg.msg_hdr, 0) == 1);
		check(recvmsg(ends[1], &msg.msg_hdr, 0) == 1);
		check(sendmmsg(ends[0], &msg, 1, 0) == 1);
		check(recvmmsg(ends[1], &msg, 1, 0, NULL) == 1);
		check(sendto(ends[0], "x", 1, 0, NULL, 0) == 1);
		check(recvfrom(ends[1], buf, 1, 0, NULL, NULL) == 1);
	}
	copy = dup(ends[0]);
	check(copy >= 0 && dup2(copy, 100) == 100 && dup3(copy, 101, 0) == 101);
	check(fcntl(copy, F_DUPFD, 102) == 102);
	route = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	check(route >= 0 && !bind(route, (struct sockaddr *)&nl, sizeof(nl)));
	check(!connect(route, (struct sockaddr *)&nl, sizeof(nl)));
	check(!getsockname(route, (struct sockaddr *)&nl, &len));
	check(allocations == 0);
	say("none");
	return 0;
}
