/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch-closes WAY: after a line on standard input, accepts 110 packets without a pause,
 * so that the library holds both messages and verdicts; then closes the descriptor in the
 * way WAY, and opens an empty file with its number. */
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

#include "old.h"

static union old_message m;
static int fd;

static void accept_packets(int count)
{
	for (int i = 0; i < count; i++)
		old_accept(fd, old_read(fd, &m)->packet_id);
}

static int empty(void)
{
	return open("/dev/null", O_RDWR);
}

static void by_close(void)
{
	check(!close(fd) && empty() == fd);
}

static void by_dup2(void)
{
	check(dup2(empty(), fd) == fd);
}

static void by_dup3(void)
{
	check(dup3(empty(), fd, O_CLOEXEC) == fd);
}

#ifdef CLOSE_RANGE_UNSHARE
static void by_close_range(void)
{
	check(!close_range(fd, ~0U, 0) && empty() == fd);
}

/* In the child, closes all descriptors. */
static void by_closefrom(void)
{
	pid_t child = old_fork();
	int status;

	if (child == 0) {
		closefrom(-1);
		_exit(empty() != 0);
	}
	check(waitpid(child, &status, 0) == child && status == 0);
	closefrom(fd);
	check(empty() == fd);
}

/* Runs in a process that shares memory and descriptors with its parent, as a thread
 * does. CLOSE_RANGE_UNSHARE gives it a descriptor table of its own, so the parent still
 * has the descriptor. */
static int unshare_and_close(void *unused)
{
	(void)unused;
	check(!close_range(fd, fd, CLOSE_RANGE_UNSHARE) && empty() == fd);
	check(read(fd, &m, sizeof(m)) == 0);
	return 0;
}

static void by_unsharing(void)
{
	static char stack[1 << 17] __attribute__((aligned(16)));
	pid_t child = clone(unshare_and_close, stack + sizeof(stack),
			    CLONE_VM | CLONE_FILES | SIGCHLD, NULL);
	int status;

	check(child > 0 && waitpid(child, &status, 0) == child && status == 0);
	accept_packets(1);
	by_close();
}
#endif

/* What is held belongs to the parent. */
static void in_a_child(void)
{
	pid_t child = old_fork();
	int status;

	if (child == 0) {
		by_close();
		check(read(fd, &m, sizeof(m)) == 0);
		_exit(0);
	}
	check(waitpid(child, &status, 0) == child && status == 0);
	accept_packets(1);
	by_close();
}

/* Calls that fail do not close anything. */
static void not_yet(void)
{
	check(dup2(-1, fd) == -1 && dup2(fd, fd) == fd);
	check(dup3(fd, fd, 0) == -1 && dup3(0, fd, 1 << 9) == -1);
#ifdef CLOSE_RANGE_UNSHARE
	check(close_range(fd, fd - 1, 0) == -1 && close_range(fd, fd, 1 << 9) == -1);
	check(!close_range(fd, fd, CLOSE_RANGE_CLOEXEC));
	check(!close_range(fd + 1, fd + 2, 0) && dup2(fd, fd + 9) == fd + 9);
	check(!close_range(fd + 1, fd + 2, 0) && !close(fd + 9));
	/* a number that is not open, which is no error */
	errno = 0;
	check(!close_range(fd + 9, fd + 9, 0) && errno == 0);
#endif
	accept_packets(1);
	by_close();
}

static const struct {
	const char *name;
	void (*go)(void);
} ways[] = {
	{ "close", by_close },
	{ "dup2", by_dup2 },
	{ "dup3", by_dup3 },
#ifdef CLOSE_RANGE_UNSHARE
	{ "close_range", by_close_range },
	{ "closefrom", by_closefrom },
	{ "unsharing", by_unsharing },
#endif
	{ "child", in_a_child },
	{ "not-yet", not_yet },
};

int main(int argc, char **argv)
{
	char line[8];
	int way = 0;

	old_limit();
	check(argc == 2);
	while (strcmp(ways[way].name, argv[1]))
		check(++way < (int)(sizeof(ways) / sizeof(ways[0])));
	fd = old_ready(NETLINK_FIREWALL);
	say("ready");
	check(fgets(line, sizeof(line), stdin));
	accept_packets(110);
	ways[way].go();
	check(read(fd, &m, sizeof(m)) == 0);
	say("done");
	return 0;
}
