/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that decides on packets of both families with a handle for each, and waits in
 * poll(2). With LIBIPQ_QUEUE6 in the environment, each family has its own queue number.
 * CPU time includes that of the process that the library starts. */
#include <poll.h>
#include <linux/netfilter.h>
#include <libipq.h>

#include "consumer.h"

static struct ipq_handle *start(uint32_t family, unsigned int range)
{
	struct ipq_handle *h = ipq_create_handle(0, family);

	if (h && ipq_set_mode(h, range ? IPQ_COPY_PACKET : IPQ_COPY_META, range) > 0)
		return h;
	ipq_perror("families");
	exit(1);
}

static void decide(struct ipq_handle *h, struct consumer *c)
{
	static unsigned char buf[0x10000 + 4096];
	ipq_packet_msg_t *m = ipq_get_packet(buf);

	if (ipq_read(h, buf, sizeof(buf), 0) <= 0 || ipq_message_type(buf) != IPQM_PACKET)
		exit(1);
	ipq_set_verdict(h, m->packet_id, c->verdict, 0, NULL);
	c->bytes += m->data_len;
	if (++c->seen == 1)
		consumer_first(c);
}

int main(int argc, char **argv)
{
	unsigned int range = argc > 2 ? atoi(argv[2]) : 0;
	struct ipq_handle *h[] = { start(PF_INET, range), start(PF_INET6, range) };
	struct consumer c = consumer_start(argc, argv);

	while (c.seen < c.packets) {
		struct pollfd fds[] = { { h[0]->fd, POLLIN, 0 }, { h[1]->fd, POLLIN, 0 } };

		if (poll(fds, 2, -1) < 1)
			return 1;
		for (int i = 0; i < 2; i++)
			if (fds[i].revents && c.seen < c.packets)
				decide(h[i], &c);
	}
	c.ended = consumer_clock(CLOCK_MONOTONIC);
	ipq_destroy_handle(h[0]);
	ipq_destroy_handle(h[1]);
	consumer_report(&c);
	return 0;
}
