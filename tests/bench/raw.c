/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that uses ip_queue's netlink protocol without libipq; it is run with
 * libipq-preload.so. */
#include <string.h>
#include <sys/socket.h>
#include <libipq.h>

#include "consumer.h"

struct request {
	struct nlmsghdr nlh;
	ipq_peer_msg_t body;
};

static struct request request(int type)
{
	return (struct request) {
		.nlh = {
			.nlmsg_len = sizeof(struct request),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_pid = getpid(),
		},
	};
}

int main(int argc, char **argv)
{
	static union {
		struct nlmsghdr nlh;
		char buf[0x10000 + 4096];
	} u;
	struct sockaddr_nl local = { .nl_family = AF_NETLINK, .nl_pid = getpid() };
	int range = argc > 2 ? atoi(argv[2]) : 0;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_FIREWALL);
	struct request mode = request(IPQM_MODE), verdict = request(IPQM_VERDICT);
	ipq_packet_msg_t *m = NLMSG_DATA(&u.nlh);
	struct consumer c;

	mode.body.msg.mode.value = range ? IPQ_COPY_PACKET : IPQ_COPY_META;
	mode.body.msg.mode.range = range;
	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
	    send(fd, &mode, sizeof(mode), 0) < 0) {
		perror(argv[0]);
		return 1;
	}
	c = consumer_start(argc, argv);
	verdict.body.msg.verdict.value = c.verdict;
	do {
		if (recv(fd, &u, sizeof(u), 0) <= 0 || u.nlh.nlmsg_type != IPQM_PACKET)
			return 1;
		c.sink += m->hook + m->hw_protocol + m->mark + m->indev_name[0] +
			  m->outdev_name[0] + m->timestamp_sec + m->hw_addr[0];
		verdict.body.msg.verdict.id = m->packet_id;
		send(fd, &verdict, sizeof(verdict), 0);
	} while (consumer_more(&c, m->data_len));
	return 0;
}
