/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads addresses of ip_queue sockets, and binds them to valid and invalid addresses. */
#include <sys/mman.h>
#include <sys/wait.h>

#include "old.h"

#define ADDRESS(...) (struct sockaddr *)&(struct sockaddr_nl) { __VA_ARGS__ }, 12
#define REFUSED(call, error) check((call) == -1 && errno == (error))

typedef int name_fn(int fd, struct sockaddr *address, socklen_t *len);

static uint32_t pid_of(int fd, name_fn *name)
{
	struct sockaddr_nl nl;
	socklen_t len = sizeof(nl);

	memset(&nl, 0xff, sizeof(nl));
	check(!name(fd, (struct sockaddr *)&nl, &len) && len == 12);
	check(nl.nl_family == AF_NETLINK && nl.nl_pad == 0 && nl.nl_groups == 0);
	return nl.nl_pid;
}

/* If there is not enough room, the address is cut off, but its full
 * length is returned. */
static void cut(int fd, name_fn *name)
{
	unsigned char bytes[12];
	socklen_t len = 2;

	memset(bytes, 0xcc, sizeof(bytes));
	check(!name(fd, (struct sockaddr *)bytes, &len) && len == 12);
	check(bytes[0] == AF_NETLINK && bytes[1] == 0 && bytes[2] == 0xcc);
	REFUSED(name(fd, NULL, &len), EFAULT);
	REFUSED(name(fd, (struct sockaddr *)bytes, NULL), EFAULT);
	len = -1;
	REFUSED(name(fd, (struct sockaddr *)bytes, &len), EINVAL);
}

static void one(int protocol)
{
	int fd = old_open(protocol, SOCK_RAW);
	uint32_t self = getpid();

	check(pid_of(fd, getsockname) == 0 && pid_of(fd, getpeername) == 0);
	REFUSED(bind(fd, (struct sockaddr *)&old_kernel, 11), EINVAL);
	REFUSED(bind(fd, ADDRESS(.nl_family = AF_INET)), EINVAL);
	REFUSED(bind(fd, NULL, 12), EFAULT);
	check(pid_of(fd, getsockname) == 0);
	check(!bind(fd, ADDRESS(.nl_family = AF_NETLINK, .nl_pid = self)));
	check(pid_of(fd, getsockname) == self && pid_of(fd, getpeername) == 0);
	check(!bind(fd, ADDRESS(.nl_family = AF_NETLINK, .nl_pid = self)));
	REFUSED(bind(fd, ADDRESS(.nl_family = AF_NETLINK, .nl_pid = self + 1)), EINVAL);
	check(pid_of(fd, getsockname) == self);
	cut(fd, getsockname);
	cut(fd, getpeername);

	check(!connect(fd, ADDRESS(.nl_family = AF_NETLINK)));
	REFUSED(connect(fd, ADDRESS(.nl_family = AF_NETLINK, .nl_pid = 1)), EPERM);
	REFUSED(connect(fd, ADDRESS(.nl_family = AF_INET)), EINVAL);
	REFUSED(connect(fd, (struct sockaddr *)&old_kernel, 8), EINVAL);
	REFUSED(connect(fd, NULL, 0), EINVAL);
	REFUSED(connect(fd, ADDRESS(.nl_family = AF_NETLINK, .nl_groups = 1)), EPERM);
	REFUSED(connect(fd, NULL, 12), EFAULT);
	check(!connect(fd, ADDRESS(.nl_family = AF_UNSPEC)));
	check(pid_of(fd, getpeername) == 0);
	REFUSED(sendto(fd, "", 0, 0, ADDRESS(.nl_family = AF_NETLINK, .nl_pid = 1)),
		ECONNREFUSED);
	REFUSED(sendto(fd, "", 0, 0, ADDRESS(.nl_family = AF_INET)), EINVAL);
	REFUSED(sendto(fd, "", 0, 0, (struct sockaddr *)&old_kernel, 11), EINVAL);
	REFUSED(sendto(fd, "", 0, 0, ADDRESS(.nl_family = AF_NETLINK, .nl_groups = 1)),
		EPERM);
	check(sendto(fd, "", 0, 0, ADDRESS(.nl_family = AF_NETLINK)) == 0);
	/* an address of length 0 counts as none (netlink_sendmsg) */
	check(sendto(fd, "", 0, 0, (struct sockaddr *)&old_kernel, 0) == 0);
	/* the socket stays open, beside the one of the other protocol */
}

/* Only one socket of a protocol can be bound to a port ID. */
static void another(int protocol)
{
	int fd = old_open(protocol, SOCK_DGRAM);
	uint32_t self = getpid(), pid;

	REFUSED(bind(fd, ADDRESS(.nl_family = AF_NETLINK, .nl_pid = self)), EADDRINUSE);
	check(pid_of(fd, getsockname) == 0);
	check(!bind(fd, ADDRESS(.nl_family = AF_NETLINK)));
	pid = pid_of(fd, getsockname);
	check(pid != 0 && pid != self);
	check(!close(fd));
}

/* A program may choose its port ID. */
static void chosen(int protocol)
{
	int fd = old_open(protocol, SOCK_RAW);

	check(!bind(fd, ADDRESS(.nl_family = AF_NETLINK, .nl_pid = 4711)));
	check(pid_of(fd, getsockname) == 4711);
	REFUSED(bind(old_open(protocol, SOCK_RAW),
		     ADDRESS(.nl_family = AF_NETLINK, .nl_pid = 4711)), EADDRINUSE);
	check(!close(fd));
}

/* Either of two sockets can have the port ID, but only one at a time. */
static void either(int protocol)
{
	int fds[2] = { old_open(protocol, SOCK_RAW), old_open(protocol, SOCK_RAW) };
	uint32_t self = getpid(), pid;

	check(!bind(fds[1], ADDRESS(.nl_family = AF_NETLINK, .nl_pid = self)));
	check(pid_of(fds[1], getsockname) == self);
	REFUSED(bind(fds[0], ADDRESS(.nl_family = AF_NETLINK, .nl_pid = self)), EADDRINUSE);
	check(!bind(fds[0], ADDRESS(.nl_family = AF_NETLINK)));
	pid = pid_of(fds[0], getsockname);
	check(pid != 0 && pid != self);
	check(!close(fds[1]));
	fds[1] = old_open(protocol, SOCK_RAW);
	check(!bind(fds[1], ADDRESS(.nl_family = AF_NETLINK, .nl_pid = self)));
	check(!close(fds[0]) && !close(fds[1]));
}

/* Memory behind the end of an address is not read. */
static void at_the_end(void)
{
	char *pages = mmap(NULL, 2 * 65536, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sockaddr *last = (struct sockaddr *)(pages + 65536 - sizeof(old_kernel));
	int fd = old_open(NETLINK_FIREWALL, SOCK_RAW);

	check(pages != MAP_FAILED && !mprotect(pages + 65536, 65536, PROT_NONE));
	memcpy(last, &old_kernel, sizeof(old_kernel));
	check(!bind(fd, last, sizeof(old_kernel)));
	check(!connect(fd, last, sizeof(old_kernel)));
	REFUSED(bind(fd, last, sizeof(old_kernel) + 1), EFAULT);
	REFUSED(connect(fd, last, sizeof(old_kernel) + 1), EFAULT);
	REFUSED(bind(fd, last, 129), EINVAL);
	REFUSED(connect(fd, last, -1), EINVAL);
	check(!close(fd));
}

/* A daemon's socket may have been opened before the daemon was forked. */
static void forked(int protocol)
{
	int fd = old_open(protocol, SOCK_RAW), status;
	pid_t child = old_fork();

	if (child == 0) {
		old_bind(fd);
		check(pid_of(fd, getsockname) == (uint32_t)getpid());
		_exit(0);
	}
	check(waitpid(child, &status, 0) == child && status == 0);
	check(!close(fd));
}

/* Sending binds the socket, like bind(2) with port ID 0. */
static void unbound(int protocol)
{
	int fd = old_open(protocol, SOCK_RAW);

	check(pid_of(fd, getsockname) == 0);
	check(send(fd, "", 0, 0) == 0);
	check(pid_of(fd, getsockname) == (uint32_t)getpid());
	check(!close(fd));
}

int main(void)
{
	old_limit();
	unbound(NETLINK_FIREWALL);
	either(NETLINK_FIREWALL);
	forked(NETLINK_FIREWALL);
	at_the_end();
	chosen(NETLINK_FIREWALL);
	one(NETLINK_FIREWALL);
	another(NETLINK_FIREWALL);
	unbound(NETLINK_IP6_FW);
	either(NETLINK_IP6_FW);
	forked(NETLINK_IP6_FW);
	one(NETLINK_IP6_FW);
	another(NETLINK_IP6_FW);
	say("done");
	return 0;
}
