/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selector [COUNT]: waits for packets with select(2), as a program does that has other
 * descriptors to wait for. Accepts the packets, and ends after COUNT packets.
 *
 *	iptables -A OUTPUT -p icmp -j NFQUEUE --queue-num 0
 *	./selector */
#include <linux/netfilter.h>
#include <sys/select.h>
#include <libipq.h>
#include <stdio.h>
#include <stdlib.h>

#define BUFSIZE 2048

static void die(struct ipq_handle *h)
{
	ipq_perror("selector");
	ipq_destroy_handle(h);
	exit(1);
}

int main(int argc, char *argv[])
{
	long count = argc > 1 ? atol(argv[1]) : -1;
	unsigned char buf[BUFSIZE];
	struct timeval wait;
	ipq_packet_msg_t *m;
	struct ipq_handle *h;
	fd_set readable;

	h = ipq_create_handle(0, PF_INET);
	if (!h)
		die(h);
	if (ipq_set_mode(h, IPQ_COPY_META, 0) < 0)
		die(h);

	while (count) {
		FD_ZERO(&readable);
		FD_SET(h->fd, &readable);
		wait.tv_sec = 10;
		wait.tv_usec = 0;
		if (select(h->fd + 1, &readable, NULL, NULL, &wait) < 0)
			die(h);
		if (!FD_ISSET(h->fd, &readable)) {
			printf("nothing for ten seconds\n");
			fflush(stdout);
			continue;
		}

		/* fd is readable, so there is a message, and ipq_read does not wait */
		if (ipq_read(h, buf, BUFSIZE, 0) < 0)
			die(h);

		switch (ipq_message_type(buf)) {
		case NLMSG_ERROR:
			errno = ipq_get_msgerr(buf);
			die(h);
			break;
		case IPQM_PACKET:
			m = ipq_get_packet(buf);
			if (ipq_set_verdict(h, m->packet_id, NF_ACCEPT, 0, NULL) < 0)
				die(h);
			printf("packet %lu: selected, passed\n", m->packet_id);
			fflush(stdout);
			if (count > 0)
				count--;
			break;
		}
	}

	ipq_destroy_handle(h);
	return 0;
}
