/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has a socket in the network namespace that it is started in, and one in another, and
 * accepts a packet on the first. */
#include <sched.h>

#include "old.h"

static uint32_t pid_of(int fd)
{
	struct sockaddr_nl name;
	socklen_t len = sizeof(name);

	check(!getsockname(fd, (struct sockaddr *)&name, &len));
	return name.nl_pid;
}

int main(void)
{
	int here, there;

	old_limit();
	here = old_ready(NETLINK_FIREWALL);
	check(!unshare(CLONE_NEWNET));
	there = old_open(NETLINK_FIREWALL, SOCK_RAW);
	check(pid_of(here) == (uint32_t)getpid() && pid_of(there) == 0);
	/* the same port ID in another network namespace */
	old_bind(there);
	old_mode(there, IPQ_COPY_META, 0);
	check(!close(there));
	say("ready");
	old_pass(here);
	return 0;
}
