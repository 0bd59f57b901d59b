/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captured packets, converted to messages that the kernel of this machine would
 * have sent: the old message has the same contents whatever the byte order and
 * the size of long. */
#include <arpa/inet.h>
#include <byteswap.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>

#include <criterion/criterion.h>

#include "captured.h"
#include "translate.h"

TestSuite(byte_order, .timeout = 60);

static uint32_t host32(uint32_t little)
{
	return BYTE_ORDER == BIG_ENDIAN ? bswap_32(little) : little;
}

static uint16_t host16(uint16_t little)
{
	return BYTE_ORDER == BIG_ENDIAN ? bswap_16(little) : little;
}

/* Netlink's own header fields have the byte order of the machine; the values of
 * nfnetlink_queue have network byte order. */
static struct message translate_here(const uint8_t *bytes, size_t len)
{
	_Alignas(struct nlmsghdr) uint8_t copy[512];
	struct nlmsghdr *nlh = (struct nlmsghdr *)copy;
	struct message m;

	cr_assert(len <= sizeof(copy));
	memcpy(copy, bytes, len);
	nlh->nlmsg_len = host32(nlh->nlmsg_len);
	nlh->nlmsg_type = host16(nlh->nlmsg_type);
	for (size_t at = NLMSG_HDRLEN + sizeof(struct nfgenmsg); at < len; ) {
		struct nlattr *attr = (struct nlattr *)(copy + at);

		attr->nla_len = host16(attr->nla_len);
		attr->nla_type = host16(attr->nla_type);
		at += NLA_ALIGN(attr->nla_len);
	}
	translate_message(nlh, len, len, &m);
	return m;
}

Test(byte_order, a_packet_that_came_in_is_read_in_either_byte_order)
{
	struct message m = translate_here(prerouting, sizeof(prerouting));
	const ipq_packet_msg_t *msg = &m.packet.msg;

	cr_assert(m.kind == MESSAGE_PACKET && m.family == AF_INET);
	cr_assert(m.packet.nlh.nlmsg_type == IPQM_PACKET);
	cr_assert(m.packet.nlh.nlmsg_len == m.len);
	cr_assert(msg->packet_id == 1 && m.indev == 2 && m.outdev == 0);
	cr_assert(msg->hook == 0 && msg->hw_protocol == htons(0x0800));
	cr_assert(msg->hw_addrlen == 6 && msg->hw_addr[0] == 2 && msg->hw_addr[5] == 2);
	cr_assert(msg->data_len == 36 && m.payload_len == 36);
	cr_assert(m.payload_offset + 36 == sizeof(prerouting));
	cr_assert(msg->mark == 0 && msg->timestamp_sec == 0x6b02ae3f);
	cr_assert(msg->timestamp_usec == 0x0c5058);
}

Test(byte_order, a_packet_that_is_marked_is_read_in_either_byte_order)
{
	struct message m = translate_here(output, sizeof(output));

	cr_assert(m.kind == MESSAGE_PACKET && m.packet.msg.mark == 0x12345678);
	cr_assert(m.packet.msg.packet_id == 6 && m.outdev == 2 && m.indev == 0);
	cr_assert(m.packet.msg.data_len == 32 && m.packet.msg.hook == 3);
}

Test(byte_order, a_packet_of_ipv6_is_read_in_either_byte_order)
{
	struct message m = translate_here(output6, sizeof(output6));

	cr_assert(m.kind == MESSAGE_PACKET && m.family == AF_INET6);
	cr_assert(m.packet.msg.packet_id == 12 && m.packet.msg.data_len == 51);
	cr_assert(m.packet.msg.hw_protocol == htons(0x86dd));
	cr_assert(m.packet.msg.mark == 0x12345678);
}

/* The kernel's error message echoes the request that was sent. */
Test(byte_order, a_request_that_is_refused_is_read_in_either_byte_order)
{
	struct request r = {
		.nlh = { .nlmsg_len = sizeof(r), .nlmsg_type = IPQM_VERDICT,
			 .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = 7, .nlmsg_pid = 99 },
		.body.msg.verdict = { .value = 1, .id = 0x01020304 },
	};
	const struct verdict v = { .value = 1 };
	_Alignas(struct nlmsghdr) uint8_t answer[512] = { 0 };
	struct nlmsghdr *nlh = (struct nlmsghdr *)answer;
	struct kernel_request out;
	const int error = -ENOENT;
	struct message m;
	ipq_peer_msg_t echoed;

	kernel_request_init(&out);
	translate_verdict(&out, &r, REFUSAL_IS_EPERM, 0, &v);
	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_len = NLMSG_HDRLEN + sizeof(error) + out.len;
	memcpy(answer + NLMSG_HDRLEN, &error, sizeof(error));
	memcpy(answer + NLMSG_HDRLEN + sizeof(error), out.buf, out.len);
	translate_message(nlh, nlh->nlmsg_len, nlh->nlmsg_len, &m);
	cr_assert(m.kind == MESSAGE_ERROR && m.error == ENOENT);
	memcpy(&echoed, m.head + 2 * NLMSG_HDRLEN + sizeof(error), sizeof(echoed));
	cr_assert(echoed.msg.verdict.id == 0x01020304 && echoed.msg.verdict.value == 1);
}
