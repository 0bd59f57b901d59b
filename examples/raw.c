/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A passer that uses ip_queue's netlink protocol without libipq. On today's kernels it
 * needs ipq-run:
 *
 *	ipq-run ./raw [PACKETS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_queue.h>

#define PROTOCOL 3	/* NETLINK_FIREWALL */

static void request(int fd, int type, ipq_peer_msg_t *body)
{
	struct {
		struct nlmsghdr nlh;
		ipq_peer_msg_t body;
	} m;

	memset(&m, 0, sizeof(m));
	m.nlh.nlmsg_len = sizeof(m);
	m.nlh.nlmsg_type = type;
	m.nlh.nlmsg_flags = NLM_F_REQUEST;
	m.nlh.nlmsg_pid = getpid();
	m.body = *body;
	if (send(fd, &m, sizeof(m), 0) < 0) {
		perror("send");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	char buf[2048] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
	ipq_packet_msg_t *packet = NLMSG_DATA(nlh);
	int left = argc > 1 ? atoi(argv[1]) : -1;
	int fd = socket(AF_NETLINK, SOCK_RAW, PROTOCOL);
	ipq_peer_msg_t body;

	if (fd < 0) {
		perror("socket");
		return 1;
	}
	memset(&body, 0, sizeof(body));
	body.msg.mode.value = IPQ_COPY_META;
	request(fd, IPQM_MODE, &body);

	while (left != 0 && recv(fd, buf, sizeof(buf), 0) > 0) {
		if (nlh->nlmsg_type != IPQM_PACKET) {
			fprintf(stderr, "raw: message of type %d\n", nlh->nlmsg_type);
			return 1;
		}
		printf("packet %lu on %s%s passed\n", packet->packet_id,
		       packet->indev_name, packet->outdev_name);
		fflush(stdout);
		memset(&body, 0, sizeof(body));
		body.msg.verdict.value = NF_ACCEPT;
		body.msg.verdict.id = packet->packet_id;
		request(fd, IPQM_VERDICT, &body);
		if (left > 0)
			left--;
	}
	return left > 0;
}
