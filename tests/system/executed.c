/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: executed FD FAMILY COUNT: a program that is executed with the socket of a handle
 * open, and makes a handle of the other family. Accepts COUNT packets of each family, and
 * ends with 0 if each came from its own handle. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <libipq.h>

static int accept_next(struct ipq_handle *h, int version)
{
	_Alignas(ipq_packet_msg_t) unsigned char buf[4096] = { 0 };
	ipq_packet_msg_t *p = ipq_get_packet(buf);

	return ipq_read(h, buf, sizeof(buf), 0) > 0 && ipq_message_type(buf) == IPQM_PACKET &&
	       p->payload[0] >> 4 == version &&
	       ipq_set_verdict(h, p->packet_id, NF_ACCEPT, 0, NULL) > 0;
}

int main(int argc, char **argv)
{
	int family = argc == 4 ? atoi(argv[2]) : 0, left = argc == 4 ? 2 * atoi(argv[3]) : 0;
	int other = family == AF_INET ? AF_INET6 : AF_INET;
	struct ipq_handle inherited = { .fd = argc == 4 ? atoi(argv[1]) : -1 };
	struct ipq_handle *h[] = { &inherited, ipq_create_handle(0, other) };

	if (!h[1] || ipq_set_mode(h[1], IPQ_COPY_PACKET, 0) < 0) {
		ipq_perror("executed");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (left > 0) {
		struct pollfd fds[] = { { h[0]->fd, POLLIN, 0 }, { h[1]->fd, POLLIN, 0 } };

		if (poll(fds, 2, -1) < 1)
			return 1;
		for (int i = 0; i < 2; i++) {
			if (!fds[i].revents)
				continue;
			if (!accept_next(h[i], (i ? other : family) == AF_INET ? 4 : 6))
				return 2;
			left--;
		}
	}
	return 0;
}
