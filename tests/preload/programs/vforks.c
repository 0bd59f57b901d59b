/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program by vfork(2). The child closes and replaces descriptors: it has the
 * parent's memory, but not its descriptor table. Then accepts a packet and prints a line
 * of its standard input. */
#include <fcntl.h>
#include <sys/wait.h>

#include "old.h"

int main(void)
{
	int fd, null, status;
	char line[64];
	ssize_t n;
	pid_t child;

	old_limit();
	null = open("/dev/null", O_RDWR);
	fd = old_ready(NETLINK_FIREWALL);
	check(null >= 0);
	child = vfork();
	if (child == 0) {
		dup2(fd, 0);
		dup2(null, fd);
		close(fd);
		dup2(null, 0);
		for (int i = 3; i < 100; i++)
			close(i);
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	check(waitpid(child, &status, 0) == child && status == 0);
	say("ready");
	old_pass(fd);
	n = read(0, line, sizeof(line));
	check(n > 0 && fwrite(line, 1, n, stdout) == (size_t)n);
	return 0;
}
