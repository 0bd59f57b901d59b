/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages from the kernel, complete or with attributes in any order, and the result of
 * translating them. */
#include <errno.h>
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "cut.h"

TestSuite(translate, .init = skip_foreign_machines, .timeout = 60);

/* A message that is put together attribute by attribute. */
struct made {
	size_t len;
	_Alignas(uint32_t) uint8_t bytes[512];
};

static struct made packet_begin(void)
{
	struct made made = { .len = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg) };

	memcpy(made.bytes, output, made.len);
	return made;
}

static void put(struct made *made, uint16_t type, const void *data, uint16_t len)
{
	struct nlattr attr = { .nla_len = sizeof(attr) + len, .nla_type = type };
	struct nlmsghdr nlh;

	memcpy(made->bytes + made->len, &attr, sizeof(attr));
	memcpy(made->bytes + made->len + sizeof(attr), data, len);
	made->len += NLA_ALIGN(attr.nla_len);
	memcpy(&nlh, made->bytes, sizeof(nlh));
	nlh.nlmsg_len = made->len;
	memcpy(made->bytes, &nlh, sizeof(nlh));
}

static const struct nfqnl_msg_packet_hdr header = {
	.packet_id = 0x07000000, .hw_protocol = 0x0008, .hook = NF_INET_LOCAL_OUT,
};

#define FAR { 2, [5] = 2 }
#define MARK 0x12345678

static const struct expected {
	struct captured from;
	uint8_t family, hook;
	uint16_t hw_protocol, data_len;
	uint32_t id, indev, outdev, mark;
	bool stamped;
	int hw_addrlen;			/* -1: no address */
	uint8_t hw_addr[8];
} expected[] = {
	{ { BYTES(prerouting) }, AF_INET, 0, 0x0800, 36, 1, 2, 0, 0, true, 6, FAR },
	{ { BYTES(input) }, AF_INET, 1, 0x0800, 36, 2, 2, 0, 0, true, 6, FAR },
	{ { BYTES(forward) }, AF_INET, 2, 0x0800, 30, 4, 2, 4, 0, true, 6, FAR },
	{ { BYTES(forwarded) }, AF_INET, 4, 0x0800, 30, 5, 0, 4, 0, false, -1 },
	{ { BYTES(output) }, AF_INET, 3, 0x0800, 32, 6, 0, 2, MARK, false, -1 },
	{ { BYTES(postrouting) }, AF_INET, 4, 0x0800, 32, 7, 0, 2, MARK, false, -1 },
	{ { BYTES(output6) }, AF_INET6, 3, 0x86dd, 51, 12, 0, 1, MARK, false, -1 },
	{ { BYTES(input6) }, AF_INET6, 1, 0x86dd, 51, 13, 1, 0, MARK, true, 6 },
	{ { BYTES(meta) }, AF_INET, 2, 0x0800, 0, 4, 2, 4, 0, true, 6, FAR },
};

Test(translate, a_packet_of_each_hook_has_all_that_ip_queue_told_of_it)
{
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct expected *e = &expected[i];
		struct message m = translate(e->from.bytes, e->from.len);
		/* not on the stack, where its padding would have arbitrary values */
		static ipq_packet_msg_t msg;

		memset(&msg, 0, sizeof(msg));
		msg.packet_id = e->id;
		msg.mark = e->mark;
		if (e->stamped) {
			cr_assert(m.packet.msg.timestamp_sec >> 8 == 0x6b02ae);
			cr_assert(m.packet.msg.timestamp_usec > 0);
			cr_assert(m.packet.msg.timestamp_usec < 1000000);
			msg.timestamp_sec = m.packet.msg.timestamp_sec;
			msg.timestamp_usec = m.packet.msg.timestamp_usec;
		}
		msg.hook = e->hook;
		msg.hw_protocol = htons(e->hw_protocol);
		msg.hw_addrlen = e->hw_addrlen < 0 ? 0 : e->hw_addrlen;
		memcpy(msg.hw_addr, e->hw_addr, sizeof(msg.hw_addr));
		msg.data_len = e->data_len;

		cr_assert(m.kind == MESSAGE_PACKET, "message %zu", i);
		cr_assert(m.family == e->family && m.id == e->id);
		cr_assert(m.indev == e->indev && m.outdev == e->outdev);
		cr_assert(m.has_hw_addr == (e->hw_addrlen >= 0));
		cr_assert(m.payload_len == e->data_len);
		cr_assert(!e->data_len || m.payload_offset + e->data_len == e->from.len);
		cr_assert(m.head_len == sizeof(struct nlmsghdr) + sizeof(msg));
		cr_assert(m.len == NLMSG_ALIGN(m.head_len + e->data_len));
		cr_assert(m.packet.nlh.nlmsg_len == m.len);
		cr_assert(m.packet.nlh.nlmsg_type == IPQM_PACKET);
		cr_assert(!m.packet.nlh.nlmsg_flags && !m.packet.nlh.nlmsg_seq &&
			  !m.packet.nlh.nlmsg_pid);
		cr_assert(!memcmp(&m.packet.msg, &msg, sizeof(msg)), "message %zu", i);
	}
}

Test(translate, an_answer_is_read_as_the_old_one_with_its_request)
{
	static const struct {
		struct captured from, old;
		int error;
	} answers[] = {
		{ { BYTES(unknown_id) }, { BYTES(unknown_id_old) }, ENOENT },
		{ { BYTES(unknown_id_payload) },
		  { BYTES(unknown_id_payload_old) }, ENOENT },
		{ { BYTES(unknown_verdict) }, { BYTES(unknown_verdict_old) }, EINVAL },
		{ { BYTES(unknown_mode) }, { BYTES(unknown_mode_old) }, EINVAL },
		{ { BYTES(taken) }, { BYTES(taken_old) }, EBUSY },
		{ { BYTES(forbidden) }, { BYTES(forbidden_old) }, EPERM },
		{ { BYTES(acknowledged) }, { BYTES(acknowledged_old) }, 0 },
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct message m = translate(answers[i].from.bytes, answers[i].from.len);
		uint8_t old[128] = { 0 };
		uint32_t receiver;

		cr_assert(m.kind == MESSAGE_ERROR, "message %zu", i);
		cr_assert(m.error == answers[i].error, "error %d", m.error);
		cr_assert(!m.claim_lost);
		memcpy(&receiver, answers[i].old.bytes + 12, sizeof(receiver));
		translate_address(&m, receiver);
		memcpy(old, m.head, m.head_len);
		memcpy(old + m.head_len, answers[i].from.bytes + m.payload_offset,
		       m.payload_len);
		cr_assert(m.len == answers[i].old.len, "%zu bytes", m.len);
		cr_assert(!memcmp(old, answers[i].old.bytes, m.len), "message %zu", i);
	}
}

Test(translate, eperm_is_ebusy_where_the_capability_is_known)
{
	uint8_t refused[sizeof(taken)];
	/* the offset of the type of the attribute that contains the request */
	const size_t type = sizeof(taken) - sizeof(struct request) - 2;

	memcpy(refused, taken, sizeof(taken));
	cr_assert(refused[type] == 2 && refused[type + 1] == 0x10);
	refused[type] = 1 + REFUSAL_IS_EPERM;
	cr_assert(translate(BYTES(refused)).error == EPERM);
	cr_assert(!translate(BYTES(refused)).claim_lost);
	refused[type] = 1 + REFUSAL_IS_EBUSY;
	cr_assert(translate(BYTES(refused)).error == EBUSY);
	cr_assert(!translate(BYTES(refused)).claim_lost);
	refused[type] = 1 + REFUSAL_OF_CLAIM;
	cr_assert(translate(BYTES(refused)).error == EBUSY);
	cr_assert(translate(BYTES(refused)).claim_lost);
	refused[16] = -ENOENT;
	cr_assert(translate(BYTES(refused)).error == ENOENT);
}

Test(translate, attributes_may_come_in_any_order)
{
	static const uint32_t mark = 0x78563412, indev = 0x03000000;
	static const uint8_t data[] = { 0x45, 1, 2, 3, 4, 5, 6 };
	static const struct {
		uint16_t type, len;
		const void *data;
	} attrs[] = {
		{ NFQA_PAYLOAD, sizeof(data), data },
		{ NFQA_MARK, sizeof(mark), &mark },
		{ NFQA_PACKET_HDR, sizeof(header), &header },
		{ NFQA_IFINDEX_INDEV, sizeof(indev), &indev },
	};

	for (int first = 0; first < 4; first++) {
		struct made made = packet_begin();
		struct message m;

		for (int i = 0; i < 4; i++)
			put(&made, attrs[(first + i) % 4].type,
			    attrs[(first + i) % 4].data, attrs[(first + i) % 4].len);
		m = translate(made.bytes, made.len);
		cr_assert(m.kind == MESSAGE_PACKET);
		cr_assert(m.id == 7 && m.packet.msg.mark == 0x12345678 && m.indev == 3);
		cr_assert(m.payload_len == sizeof(data));
		cr_assert(!memcmp(made.bytes + m.payload_offset, data, sizeof(data)));
		/* attributes after the payload may be missed, but no
		 * values are invented */
		for (size_t have = 0; have < made.len; have++) {
			struct message cut = translate_cut(made.bytes, have, made.len);

			cr_assert(cut.kind == MESSAGE_NONE ||
				  (cut.id == 7 && cut.payload_len == sizeof(data) &&
				   cut.payload_offset == m.payload_offset));
		}
	}
}

Test(translate, unknown_attributes_are_passed_over)
{
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct made made = packet_begin();
	struct message m;

	put(&made, 0x1001, data, 7);
	put(&made, NLA_F_NESTED | NFQA_CT, data, 5);
	put(&made, NFQA_PACKET_HDR, &header, sizeof(header));
	put(&made, 0x7fff, data, 0);
	put(&made, 0, data, 3);
	put(&made, NFQA_PAYLOAD, data, 7);
	m = translate(made.bytes, made.len);
	cr_assert(m.kind == MESSAGE_PACKET && m.id == 7);
	cr_assert(m.payload_len == 7);
	cr_assert(!memcmp(made.bytes + m.payload_offset, data, 7));
}

Test(translate, an_address_is_of_eight_bytes_at_most)
{
	struct nfqnl_msg_packet_hw hw = {
		.hw_addrlen = 0xffff, .hw_addr = { 1, 2, 3, 4, 5, 6, 7, 8 },
	};
	struct made made = packet_begin();
	struct message m;

	put(&made, NFQA_PACKET_HDR, &header, sizeof(header));
	put(&made, NFQA_HWADDR, &hw, sizeof(hw));
	m = translate(made.bytes, made.len);
	cr_assert(m.kind == MESSAGE_PACKET && m.has_hw_addr);
	cr_assert(m.packet.msg.hw_addrlen == 8);
	cr_assert(!memcmp(m.packet.msg.hw_addr, hw.hw_addr, 8));
	cr_assert(m.packet.msg.data_len == 0);
}

Test(translate, an_attribute_too_short_for_its_value_is_not_read)
{
	static const uint16_t types[] = {
		NFQA_MARK, NFQA_TIMESTAMP, NFQA_IFINDEX_INDEV, NFQA_IFINDEX_OUTDEV,
		NFQA_HWADDR,
	};
	struct message m;
	struct made made;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		made = packet_begin();
		put(&made, NFQA_PACKET_HDR, &header, sizeof(header));
		put(&made, types[i], "\xff\xff\xff", 3);
		m = translate(made.bytes, made.len);
		cr_assert(m.kind == MESSAGE_NONE ||
			  (m.id == 7 && !m.indev && !m.outdev && !m.has_hw_addr &&
			   !m.packet.msg.mark && !m.packet.msg.timestamp_sec));
	}
	made = packet_begin();
	put(&made, NFQA_PACKET_HDR, &header, sizeof(header) - 1);
	cr_assert(translate(made.bytes, made.len).kind == MESSAGE_NONE);
}

Test(translate, lengths_that_cannot_be_are_none)
{
	struct made made = packet_begin();
	uint8_t longer[sizeof(output)];
	size_t last;

	cr_assert(translate(made.bytes, made.len).kind == MESSAGE_NONE);
	put(&made, NFQA_PACKET_HDR, &header, sizeof(header));
	last = made.len;
	put(&made, NFQA_MARK, "1234", 4);
	cr_assert(translate(made.bytes, made.len).kind == MESSAGE_PACKET);
	for (uint16_t len = 0; len < 4; len++) {
		memcpy(made.bytes + last, &len, sizeof(len));
		cr_assert(translate(made.bytes, made.len).kind == MESSAGE_NONE);
	}
	for (uint32_t len = 9; len <= UINT16_MAX; len += 13) {
		memcpy(made.bytes + last, &(uint16_t){ len }, 2);
		cr_assert(translate(made.bytes, made.len).kind == MESSAGE_NONE);
	}
	/* nor may the payload end beyond the message */
	memcpy(longer, output, sizeof(output));
	for (uint32_t len = 37; len <= UINT16_MAX; len += 13) {
		memcpy(longer + sizeof(output) - 36, &(uint16_t){ len }, 2);
		cr_assert(translate(BYTES(longer)).kind == MESSAGE_NONE);
		cr_assert(translate_cut(longer, 60, sizeof(longer)).kind == MESSAGE_NONE);
	}
}

Test(translate, messages_of_other_kinds_are_none)
{
	uint8_t bytes[sizeof(unknown_id)];

	for (uint32_t type = 0; type <= UINT16_MAX; type++) {
		memcpy(bytes, output, sizeof(output));
		memcpy(bytes + 4, &(uint16_t){ type }, 2);
		if (type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
			cr_assert(translate(bytes, sizeof(output)).kind == MESSAGE_NONE);
		memcpy(bytes, unknown_id, sizeof(bytes));
		memcpy(bytes + 4, &(uint16_t){ type }, 2);
		if (type != NLMSG_ERROR)
			cr_assert(translate(BYTES(bytes)).kind == MESSAGE_NONE);
	}
	/* error messages with a positive number, which is not an error */
	for (int error = 1; error < 3; error++) {
		memcpy(bytes, unknown_id, sizeof(bytes));
		memcpy(bytes + 16, &error, sizeof(error));
		cr_assert(translate(BYTES(bytes)).kind == MESSAGE_NONE);
	}
	/* an answer to a request without the attribute that contains the old request */
	memcpy(bytes, unknown_id, sizeof(bytes));
	bytes[sizeof(bytes) - sizeof(struct request) - 1] = 0x20;
	cr_assert(translate(BYTES(bytes)).kind == MESSAGE_NONE);
	/* or with only a part of it */
	memcpy(bytes, unknown_id, sizeof(bytes));
	bytes[0] -= 8;
	bytes[sizeof(bytes) - sizeof(struct request) - 4] -= 8;
	cr_assert(translate(bytes, sizeof(bytes) - 8).kind == MESSAGE_NONE);
}

Test(translate, an_echoed_request_of_impossible_length_is_none)
{
	static const uint32_t lengths[] = { 0, 1, 15, 0x80000000, UINT32_MAX };
	uint8_t bytes[sizeof(unknown_id)];

	memcpy(bytes, unknown_id, sizeof(bytes));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memcpy(bytes + sizeof(bytes) - sizeof(struct request), &lengths[i], 4);
		cr_assert(translate(BYTES(bytes)).kind == MESSAGE_NONE);
	}
}

Test(translate, a_request_is_echoed_as_long_as_it_was)
{
	uint8_t bytes[sizeof(unknown_id_payload)];
	uint8_t *request = bytes + sizeof(bytes) - 36 - sizeof(struct request);

	memcpy(bytes, unknown_id_payload, sizeof(bytes));
	for (uint32_t len = sizeof(struct nlmsghdr); len < 200; len++) {
		size_t whole = sizeof(struct request);
		size_t echoed = len < whole ? len : whole;
		struct message m;

		memcpy(request, &len, sizeof(len));
		m = translate(BYTES(bytes));
		cr_assert(m.kind == MESSAGE_ERROR);
		cr_assert(m.len == NLMSG_ALIGN(20 + len) && m.head_len == 20 + echoed);
		cr_assert(!memcmp(m.head + 20, request, echoed));
		/* payload is what came of it, as far as the request had any */
		cr_assert(m.payload_len == (len - echoed < 30 ? len - echoed : 30));
	}
}
