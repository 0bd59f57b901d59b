/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens as many ip_queue sockets as the library has room for, in one process and then in
 * a child, which accepts a packet on the last. */
#include <sys/wait.h>

#include "old.h"

#define ROOM 64

static int fds[ROOM + 1];

static int open_nth(int n)
{
	return socket(AF_NETLINK, SOCK_RAW, n % 2 ? NETLINK_IP6_FW : NETLINK_FIREWALL);
}

static void open_all(void)
{
	for (int i = 0; i < ROOM; i++) {
		fds[i] = open_nth(i);
		check(fds[i] >= 0);
	}
}

static void close_all(void)
{
	for (int i = 0; i < ROOM; i++)
		check(!close(fds[i]));
}

static void one_too_many(void)
{
	int free_one = dup(0);

	check(open_nth(0) == -1 && errno == EMFILE);
	/* the failed call has left no descriptor open */
	check(!close(free_one) && dup(0) == free_one && !close(free_one));
}

static void of_one_family(void)
{
	for (int i = 0; i < ROOM; i++) {
		fds[i] = open_nth(0);
		check(fds[i] >= 0);
	}
	one_too_many();
	for (int i = 0; i < ROOM; i++)
		check(!close(fds[i]));
}

int main(void)
{
	int looked[2], gone[2], status;
	pid_t child;
	char byte;

	old_limit();
	of_one_family();
	open_all();
	one_too_many();
	/* closing one makes room for another */
	check(!close(fds[5]));
	fds[5] = open_nth(5);
	check(fds[5] >= 0);
	one_too_many();
	check(!pipe(looked) && !pipe(gone));
	child = old_fork();
	if (child == 0) {
		close_all();
		/* the parent still has them */
		one_too_many();
		check(write(looked[1], "", 1) == 1 && read(gone[0], &byte, 1) == 1);
		open_all();
		one_too_many();
		old_bind(fds[0]);
		old_mode(fds[0], IPQ_COPY_PACKET, 0);
		say("ready");
		old_pass(fds[0]);
		return 0;
	}
	check(read(looked[0], &byte, 1) == 1);
	close_all();
	check(write(gone[1], "", 1) == 1);
	check(waitpid(child, &status, 0) == child && status == 0);
	return 0;
}
