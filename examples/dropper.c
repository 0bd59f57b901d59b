/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dropper [COUNT]: drops packets without looking at their payload, and ends after COUNT
 * packets.
 *
 *	iptables -A OUTPUT -p icmp -j NFQUEUE --queue-num 0
 *	./dropper */
#include <linux/netfilter.h>
#include <libipq.h>
#include <stdio.h>
#include <stdlib.h>

#define BUFSIZE 2048

static void die(struct ipq_handle *h)
{
	ipq_perror("dropper");
	ipq_destroy_handle(h);
	exit(1);
}

int main(int argc, char *argv[])
{
	long count = argc > 1 ? atol(argv[1]) : -1;
	unsigned char buf[BUFSIZE];
	ipq_packet_msg_t *m;
	struct ipq_handle *h;

	h = ipq_create_handle(0, PF_INET);
	if (!h)
		die(h);
	if (ipq_set_mode(h, IPQ_COPY_META, 0) < 0)
		die(h);

	while (count) {
		if (ipq_read(h, buf, BUFSIZE, 0) < 0)
			die(h);

		switch (ipq_message_type(buf)) {
		case NLMSG_ERROR:
			errno = ipq_get_msgerr(buf);
			die(h);
			break;
		case IPQM_PACKET:
			m = ipq_get_packet(buf);
			if (ipq_set_verdict(h, m->packet_id, NF_DROP, 0, NULL) < 0)
				die(h);
			printf("packet %lu: hook %u, in '%s', out '%s': dropped\n",
			       m->packet_id, m->hook, m->indev_name,
			       m->outdev_name);
			fflush(stdout);
			if (count > 0)
				count--;
			break;
		}
	}

	ipq_destroy_handle(h);
	return 0;
}
