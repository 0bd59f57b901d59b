/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: queues N COMMAND...
 *
 * Runs COMMAND while queues 1 to N are bound, too. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter/nfnetlink_queue.h>

static int bind_queue(struct mnl_socket *nl, int number)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, number);
	ssize_t n;

	nlh->nlmsg_flags |= NLM_F_ACK;
	nfq_nlmsg_cfg_put_cmd(nlh, AF_INET, NFQNL_CFG_CMD_BIND);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	return n < 0 ? -1 : mnl_cb_run(buf, n, 0, 0, NULL, NULL);
}

int main(int argc, char **argv)
{
	/* without SOCK_CLOEXEC: the command keeps the queues bound */
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);

	if (argc < 3) {
		fprintf(stderr, "usage: queues N COMMAND...\n");
		return 2;
	}
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		perror("queues");
		return 1;
	}
	for (int i = 1; i <= atoi(argv[1]); i++)
		if (bind_queue(nl, i) < 0) {
			perror("queues: bind");
			return 1;
		}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
