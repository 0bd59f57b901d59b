/* SPDX-License-Identifier: GPL-2.0-or-later */
/* holds 3|write|leave: owns the queue for IPv4, and reads no packets until it is told to
 * end. "write": after that, it sets the queue's length to 2 by the sysctl. "leave": the
 * process that opened the socket ends, and a child that has it prints its process id. */
#include <fcntl.h>

#include "old.h"

int main(int argc, char **argv)
{
	int fd = old_open(NETLINK_FIREWALL, SOCK_RAW), file, parent[2];
	char line[16];

	old_limit();
	check(argc == 2);
	old_mode(fd, IPQ_COPY_META, 0);
	if (!strcmp(argv[1], "write")) {
		file = open("/proc/sys/net/ipv4/ip_queue_maxlen", O_WRONLY | O_TRUNC);
		check(file >= 0 && write(file, "2\n", 2) == 2 && !close(file));
	}
	if (!strcmp(argv[1], "leave")) {
		check(!pipe(parent));
		if (fork())
			return 0;
		/* ends when the parent's descriptors are closed, and so the socket */
		check(!close(parent[1]) && read(parent[0], line, 1) == 0);
		snprintf(line, sizeof(line), "%d", (int)getpid());
		say(line);
	}
	say("ready");
	check(fgets(line, sizeof(line), stdin));
	return 0;
}
