/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The leanest decider: libmnl alone, no metadata but the id, one prepared
 * verdict message. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "consumer.h"

int main(int argc, char **argv)
{
	static char buf[0x10000 + 4096] __attribute__((aligned));
	_Alignas(struct nlmsghdr) char out[128];
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	int range = argc > 2 ? atoi(argv[2]) : 0, on = 1, bytes = 8 << 20;
	struct nfqnl_msg_verdict_hdr *verdict;
	struct nlmsghdr *nlh;
	struct consumer c;
	ssize_t n;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return 1;
	mnl_socket_setsockopt(nl, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	nlh = nfq_nlmsg_put(out, NFQNL_MSG_CONFIG, 0);
	nfq_nlmsg_cfg_put_cmd(nlh, AF_INET, NFQNL_CFG_CMD_BIND);
	nfq_nlmsg_cfg_put_params(nlh, range ? NFQNL_COPY_PACKET : NFQNL_COPY_META, range);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return 1;
	c = consumer_start(argc, argv);
	nlh = nfq_nlmsg_put(out, NFQNL_MSG_VERDICT, 0);
	nfq_nlmsg_verdict_put(nlh, 0, c.verdict);
	verdict = mnl_attr_get_payload(mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg)));
	do {
		n = recv(mnl_socket_get_fd(nl), buf, sizeof(buf), 0);
		if (n < 0)
			return 1;
		/* the kernel puts NFQA_PACKET_HDR first, the id first in it */
		verdict->id = *(uint32_t *)(buf + MNL_NLMSG_HDRLEN +
					    sizeof(struct nfgenmsg) + MNL_ATTR_HDRLEN);
		mnl_socket_sendto(nl, nlh, nlh->nlmsg_len);
	} while (consumer_more(&c));
	return 0;
}
