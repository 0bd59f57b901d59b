/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet ids when the queue's 32-bit counter wraps around. The kernel increments it
 * before use (nfqnl_enqueue_packet: ++queue->id_sequence), so that one packet in
 * 4,294,967,296 has the id 0. */
#include <string.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include <criterion/criterion.h>

#include "translate.h"

TestSuite(ids, .timeout = 60);

static const uint32_t around[] = { 0xfffffffe, 0xffffffff, 0, 1 };
#define COUNT (sizeof(around) / sizeof(*around))

/* Makes the kernel's message for a packet with this id, and translates it. */
static struct message packet_of(uint32_t id)
{
	_Alignas(struct nlmsghdr) char buf[128];
	struct nfqnl_msg_packet_hdr header = { .packet_id = htonl(id), .hook = 3 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfgen = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfgen));
	struct message m;

	nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET;
	nfgen->nfgen_family = AF_INET;
	mnl_attr_put(nlh, NFQA_PACKET_HDR, sizeof(header), &header);
	mnl_attr_put(nlh, NFQA_PAYLOAD, 28, (char[28]) { 0x45 });
	memset(&m, 0xee, sizeof(m));
	translate_message(nlh, nlh->nlmsg_len, nlh->nlmsg_len, &m);
	return m;
}

Test(ids, a_packet_of_any_id_is_delivered_with_it)
{
	for (size_t i = 0; i < COUNT; i++) {
		struct message m = packet_of(around[i]);

		cr_assert(m.kind == MESSAGE_PACKET, "id %#x", around[i]);
		cr_assert(m.id == around[i]);
		cr_assert(m.packet.msg.packet_id == around[i], "%#x, not %#x",
			  (unsigned int)m.packet.msg.packet_id, around[i]);
		cr_assert(m.packet.msg.data_len == 28);
	}
}

Test(ids, a_message_without_an_id_is_none_whatever_the_last_one_had)
{
	_Alignas(struct nlmsghdr) char buf[128];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct message m = packet_of(1);

	nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	mnl_attr_put(nlh, NFQA_PAYLOAD, 28, (char[28]) { 0x45 });
	translate_message(nlh, nlh->nlmsg_len, nlh->nlmsg_len, &m);
	cr_assert(m.kind == MESSAGE_NONE);
}

Test(ids, a_verdict_names_the_packet_of_its_id)
{
	for (size_t i = 0; i < COUNT; i++) {
		struct request r = {
			.nlh = { .nlmsg_len = sizeof(r), .nlmsg_type = IPQM_VERDICT },
			.body.msg.verdict = { .value = NF_ACCEPT, .id = around[i] },
		};
		struct verdict v = { .id = around[i], .value = NF_ACCEPT };
		const struct nfqnl_msg_verdict_hdr *sent;
		struct kernel_request out;
		const struct nlattr *attr;

		kernel_request_init(&out);
		translate_verdict(&out, &r, REFUSAL_IS_EPERM, 0, &v);
		attr = (void *)(out.buf + MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg));
		cr_assert(mnl_attr_get_type(attr) == NFQA_VERDICT_HDR);
		sent = mnl_attr_get_payload(attr);
		cr_assert(ntohl(sent->id) == around[i]);
	}
}
