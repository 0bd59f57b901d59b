/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fortified HOW SIZE: lets one packet pass, reading by HOW at most SIZE bytes
 * into a buffer of 70,000. The compiler knows that, and not SIZE, so it calls the
 * C library's checking variants.
 */
#include "old.h"

int main(int argc, char **argv)
{
	static union old_message m;
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	ipq_packet_msg_t *packet;
	ssize_t n;
	size_t size;
	int fd;

	old_limit();
	check(argc == 3);
	size = atol(argv[2]);
	fd = old_ready(NETLINK_FIREWALL);
	say("ready");
	switch (argv[1][4]) {
	case 'f':
		n = recvfrom(fd, &m, size, 0, (struct sockaddr *)&from, &len);
		check(len == sizeof(from) && from.nl_pid == 0);
		break;
	case '\0':
		n = argv[1][2] == 'c' ? recv(fd, &m, size, 0) : read(fd, &m, size);
		break;
	default:
		return 2;
	}
	packet = old_packet(&m, n);
	printf("%zd bytes: %.*s\n", n, (int)packet->data_len - 28,
	       (char *)packet->payload + 28);
	old_accept(fd, packet->packet_id);
	return 0;
}
