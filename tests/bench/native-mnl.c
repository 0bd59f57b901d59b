/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest program that decides on packets: it uses libmnl alone, reads no metadata
 * but the id, and sends one prepared verdict message. Environment: GSO: packets are not
 * segmented; BATCH: so many packets are read at once and decided by one message. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "consumer.h"

#define BATCH_MAX 64

static char buf[BATCH_MAX][0x10000 + 4096] __attribute__((aligned));

static int failed(const char *what)
{
	perror(what);
	return 1;
}

static int bind_queue(struct mnl_socket *nl, int range)
{
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf[0], NFQNL_MSG_CONFIG, 0);
	ssize_t n;

	nlh->nlmsg_flags |= NLM_F_ACK;
	nfq_nlmsg_cfg_put_cmd(nlh, AF_INET, NFQNL_CFG_CMD_BIND);
	nfq_nlmsg_cfg_put_params(nlh, range ? NFQNL_COPY_PACKET : NFQNL_COPY_META, range);
	if (getenv("GSO")) {
		mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_GSO));
		mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO));
	}
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	n = mnl_socket_recvfrom(nl, buf[0], sizeof(buf[0]));
	return n < 0 ? -1 : mnl_cb_run(buf[0], n, 0, 0, NULL, NULL);
}

/* Returns the number of bytes before the payload, which comes last. It is the same
 * for each packet. */
static size_t head_len(void)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf[0];
	struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFQA_PAYLOAD)
			return (char *)mnl_attr_get_payload(attr) - buf[0];
	return nlh->nlmsg_len;
}

/* The kernel puts NFQA_PACKET_HDR first, and the id is the first member of it. */
static uint32_t packet_id(const char *message)
{
	return *(const uint32_t *)(message + MNL_NLMSG_HDRLEN +
				   sizeof(struct nfgenmsg) + MNL_ATTR_HDRLEN);
}

static int decide_each(struct mnl_socket *nl, struct nlmsghdr *nlh, struct consumer *c)
{
	struct nfqnl_msg_verdict_hdr *verdict = mnl_attr_get_payload(
		mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg)));
	size_t head = 0;
	ssize_t n;

	do {
		n = recv(mnl_socket_get_fd(nl), buf[0], sizeof(buf[0]), 0);
		if (n < 0)
			return failed("native-mnl: recv");
		if (head == 0)
			head = head_len();
		verdict->id = packet_id(buf[0]);
		mnl_socket_sendto(nl, nlh, nlh->nlmsg_len);
	} while (consumer_more(c, n - head));
	return 0;
}

/* NFQNL_MSG_VERDICT_BATCH decides on all packets up to the id. */
static int decide_many(struct mnl_socket *nl, struct nlmsghdr *nlh, struct consumer *c,
		       unsigned int batch)
{
	struct nfqnl_msg_verdict_hdr *verdict = mnl_attr_get_payload(
		mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg)));
	struct mmsghdr msgs[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	size_t head = 0;
	int n;

	for (int i = 0; i < BATCH_MAX; i++) {
		iov[i] = (struct iovec) { .iov_base = buf[i], .iov_len = sizeof(buf[i]) };
		msgs[i] = (struct mmsghdr) {
			.msg_hdr = { .msg_iov = &iov[i], .msg_iovlen = 1 },
		};
	}
	nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT_BATCH;
	for (;;) {
		n = recvmmsg(mnl_socket_get_fd(nl), msgs, batch, MSG_WAITFORONE, NULL);
		if (n <= 0)
			return failed("native-mnl: recvmmsg");
		if (head == 0)
			head = head_len();
		verdict->id = packet_id(buf[n - 1]);
		mnl_socket_sendto(nl, nlh, nlh->nlmsg_len);
		for (int i = 0; i < n; i++)
			if (!consumer_more(c, msgs[i].msg_len - head))
				return 0;
	}
}

int main(int argc, char **argv)
{
	_Alignas(struct nlmsghdr) char out[128];
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	unsigned int batch = getenv("BATCH") ? atoi(getenv("BATCH")) : 0;
	int on = 1, bytes = 8 << 20;
	struct nlmsghdr *nlh;
	struct consumer c;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return failed(argv[0]);
	mnl_socket_setsockopt(nl, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (bind_queue(nl, argc > 2 ? atoi(argv[2]) : 0) < 0)
		return failed(argv[0]);
	c = consumer_start(argc, argv);
	nlh = nfq_nlmsg_put(out, NFQNL_MSG_VERDICT, 0);
	nfq_nlmsg_verdict_put(nlh, 0, c.verdict);
	if (batch == 0)
		return decide_each(nl, nlh, &c);
	return decide_many(nl, nlh, &c, batch < BATCH_MAX ? batch : BATCH_MAX);
}
