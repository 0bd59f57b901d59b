/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An old program with the usual error handling: it prints errors in the usual words, and
 * ends at the first packet. With an argument, it creates a second handle. */
#include <stdio.h>
#include <linux/netfilter.h>
#include <libipq.h>

int main(int argc, char **argv)
{
	struct ipq_handle *h = ipq_create_handle(0, PF_INET);
	unsigned char buf[2048];

	(void)argv;
	if (!h || (argc > 1 && !ipq_create_handle(0, PF_INET))) {
		ipq_perror("filter");
		return 1;
	}
	ipq_set_mode(h, IPQ_COPY_PACKET, sizeof(buf));
	puts("ready");
	fflush(stdout);
	if (ipq_read(h, buf, sizeof(buf), 0) < 0) {
		ipq_perror("filter");
		return 1;
	}
	if (ipq_message_type(buf) == NLMSG_ERROR) {
		fprintf(stderr, "Received error message %d\n", ipq_get_msgerr(buf));
		return 1;
	}
	ipq_set_verdict(h, ipq_get_packet(buf)->packet_id, NF_ACCEPT, 0, NULL);
	ipq_destroy_handle(h);
	return 0;
}
