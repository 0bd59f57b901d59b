/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that uses libipq as old ones did. TIMEOUT in the environment:
 * microseconds for ipq_read. */
#include <linux/netfilter.h>
#include <libipq.h>

#include "consumer.h"

int main(int argc, char **argv)
{
	static unsigned char buf[0x10000 + 4096];
	int range = argc > 2 ? atoi(argv[2]) : 0;
	int timeout = getenv("TIMEOUT") ? atoi(getenv("TIMEOUT")) : 0;
	struct ipq_handle *h = ipq_create_handle(0, PF_INET);
	ipq_packet_msg_t *m;
	struct consumer c;

	if (!h || ipq_set_mode(h, range ? IPQ_COPY_PACKET : IPQ_COPY_META, range) < 0) {
		ipq_perror(argv[0]);
		return 1;
	}
	c = consumer_start(argc, argv);
	do {
		if (ipq_read(h, buf, sizeof(buf), timeout) <= 0 ||
		    ipq_message_type(buf) != IPQM_PACKET)
			return 1;
		m = ipq_get_packet(buf);
		c.sink += m->hook + m->hw_protocol + m->mark + m->indev_name[0] +
			  m->outdev_name[0] + m->timestamp_sec + m->hw_addr[0];
		ipq_set_verdict(h, m->packet_id, c.verdict, 0, NULL);
	} while (consumer_more(&c, m->data_len));
	ipq_destroy_handle(h);
	return 0;
}
