/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accepts a packet in a forked child, one in the parent, and one in a child whose
 * parent has ended. */
#include <sys/wait.h>

#include "old.h"

int main(void)
{
	int fd, status;
	pid_t child;

	old_limit();
	fd = old_open(NETLINK_FIREWALL, SOCK_RAW);
	old_bind(fd);
	child = old_fork();
	if (child == 0) {
		/* its first request claims the queue for both */
		old_mode(fd, IPQ_COPY_PACKET, 0);
		say("ready");
		old_pass(fd);
		check(!close(fd));
		_exit(0);
	}
	check(waitpid(child, &status, 0) == child && status == 0);
	old_pass(fd);
	if (fork())
		return 0;
	old_limit();
	old_pass(fd);
	return 0;
}
