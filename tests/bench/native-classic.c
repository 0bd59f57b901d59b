/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that uses the classic interface of libnetfilter_queue in the way of
 * the test program that comes with it, and reads all metadata that an ip_queue
 * packet message has. */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <libnfnetlink/libnfnetlink.h>
#include <libnetfilter_queue/libnetfilter_queue.h>

#include "consumer.h"

static struct nlif_handle *links;
static struct consumer consumer;
static int payload_len;

static int decide(struct nfq_q_handle *queue, struct nfgenmsg *nfgen,
		  struct nfq_data *data, void *arg)
{
	struct nfqnl_msg_packet_hdr *hdr = nfq_get_msg_packet_hdr(data);
	struct nfqnl_msg_packet_hw *hw = nfq_get_packet_hw(data);
	struct consumer *c = arg;
	unsigned char *payload;
	struct timeval tv;
	char name[64];

	(void)nfgen;
	c->sink += hdr->hook + ntohs(hdr->hw_protocol) + nfq_get_nfmark(data);
	if (hw)
		c->sink += hw->hw_addr[0];
	if (!nfq_get_timestamp(data, &tv))
		c->sink += tv.tv_sec;
	if (nfq_get_indev(data))
		c->sink += nfq_get_indev_name(links, data, name);
	if (nfq_get_outdev(data))
		c->sink += nfq_get_outdev_name(links, data, name);
	payload_len = nfq_get_payload(data, &payload);
	return nfq_set_verdict(queue, ntohl(hdr->packet_id), c->verdict, 0, NULL);
}

static int failed(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	static char buf[0x10000 + 4096] __attribute__((aligned));
	int range = argc > 2 ? atoi(argv[2]) : 0, on = 1;
	struct nfq_handle *h = nfq_open();
	struct nfq_q_handle *queue;
	ssize_t n;

	links = nlif_open();
	if (!h || !links || nlif_query(links) < 0)
		return failed(argv[0]);
	queue = nfq_create_queue(h, 0, decide, &consumer);
	if (!queue || nfq_set_mode(queue, range ? NFQNL_COPY_PACKET : NFQNL_COPY_META,
				   range) < 0)
		return failed(argv[0]);
	nfnl_rcvbufsiz(nfq_nfnlh(h), 8 << 20);
	/* there are no timestamps to read unless a socket asks for them */
	setsockopt(nfq_fd(h), SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on));
	consumer = consumer_start(argc, argv);
	do {
		n = recv(nfq_fd(h), buf, sizeof(buf), 0);
		if (n < 0 && errno != ENOBUFS)
			return failed(argv[0]);
		if (n < 0)
			continue;	/* messages were lost */
		payload_len = 0;
		nfq_handle_packet(h, buf, n);
	} while (n < 0 || consumer_more(&consumer, payload_len > 0 ? payload_len : 0));
	return 0;
}
