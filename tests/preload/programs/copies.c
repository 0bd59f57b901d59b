/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copies WAY: accepts a packet on a duplicate of the descriptor, one on a duplicate of
 * that after the first two are closed, and one on the duplicate of a forked child. */
#include <fcntl.h>
#include <sys/wait.h>

#include "old.h"

#undef fcntl64
int fcntl64(int fd, int command, ...);
/* The real fcntl, whatever the headers replace this name by. */
int plain_fcntl(int fd, int command, ...) __asm__("fcntl");

static int by_dup(int fd)
{
	return dup(fd);
}

static int by_dup2(int fd)
{
	return dup2(fd, fd + 400);
}

static int by_dup3(int fd)
{
	return dup3(fd, fd + 500, O_CLOEXEC);
}

static int by_fcntl(int fd)
{
	return plain_fcntl(fd, F_DUPFD, 20);
}

static int by_fcntl_cloexec(int fd)
{
	return plain_fcntl(fd, F_DUPFD_CLOEXEC, 30);
}

#ifdef __GLIBC__
static int by_fcntl64(int fd)
{
	return fcntl64(fd, F_DUPFD, 40);
}

static int by_fcntl64_cloexec(int fd)
{
	return fcntl64(fd, F_DUPFD_CLOEXEC, 50);
}
#endif

static const struct {
	const char *name;
	int (*copy)(int fd);
} ways[] = {
	{ "dup", by_dup },
	{ "dup2", by_dup2 },
	{ "dup3", by_dup3 },
	{ "F_DUPFD", by_fcntl },
	{ "F_DUPFD_CLOEXEC", by_fcntl_cloexec },
#ifdef __GLIBC__
	{ "fcntl64", by_fcntl64 },
	{ "fcntl64-cloexec", by_fcntl64_cloexec },
#endif
};

int main(int argc, char **argv)
{
	int fd, copy, second, status, way = 0;
	pid_t child;

	old_limit();
	check(argc == 2);
	while (strcmp(ways[way].name, argv[1]))
		check(++way < (int)(sizeof(ways) / sizeof(ways[0])));
	fd = old_ready(NETLINK_FIREWALL);
	copy = ways[way].copy(fd);
	check(copy > fd);
	say("ready");
	old_pass(copy);
	second = ways[way].copy(copy);
	check(second >= 0 && !close(fd) && !close(copy));
	old_pass(second);
	child = old_fork();
	if (child == 0) {
		old_pass(ways[way].copy(second));
		_exit(0);
	}
	check(waitpid(child, &status, 0) == child && status == 0);
	return 0;
}
