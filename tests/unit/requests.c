/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that are sent to the kernel for each request of the old protocol. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include <criterion/criterion.h>

#include "translate.h"

TestSuite(requests, .timeout = 60);

static struct request mode_request(uint8_t mode, size_t range)
{
	return (struct request) {
		.nlh = { .nlmsg_len = 56, .nlmsg_type = IPQM_MODE, .nlmsg_pid = 4711 },
		.body.msg.mode = { .value = mode, .range = range },
	};
}

static struct request verdict_request(unsigned long id)
{
	return (struct request) {
		.nlh = {
			.nlmsg_len = sizeof(struct request), .nlmsg_type = IPQM_VERDICT,
			.nlmsg_pid = 4711,
		},
		.body.msg.verdict = { .value = NF_ACCEPT, .id = id },
	};
}

/* Returns the message at offset, which must be a request of this type for the queue. */
static struct nlmsghdr *message_at(struct kernel_request *out, size_t offset,
				   int type, uint16_t queue)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(out->buf + offset);
	struct nfgenmsg *nfgen = mnl_nlmsg_get_payload(nlh);

	cr_assert(out->len <= sizeof(out->buf));
	cr_assert(offset + sizeof(*nlh) + sizeof(*nfgen) <= out->len);
	cr_assert(nlh->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | type));
	cr_assert(nlh->nlmsg_flags & NLM_F_REQUEST);
	cr_assert(nfgen->version == NFNETLINK_V0 && nfgen->res_id == htons(queue));
	return nlh;
}

/* Returns the data of the attribute, which must be at least len bytes, or NULL if the
 * message has no such attribute. */
static const void *attr_of(const struct nlmsghdr *nlh, uint16_t type, size_t len)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (attr->nla_type == type) {
			cr_assert(mnl_attr_get_payload_len(attr) >= len);
			return mnl_attr_get_payload(attr);
		}
	return NULL;
}

Test(requests, a_mode_is_set_with_the_range_clamped)
{
	static const struct {
		uint8_t mode;
		size_t range;
		uint32_t expected;
	} modes[] = {
		{ IPQ_COPY_NONE, 0, PAYLOAD_MAX },
		{ IPQ_COPY_META, 0, PAYLOAD_MAX },
		{ IPQ_COPY_PACKET, 0, PAYLOAD_MAX },
		{ IPQ_COPY_PACKET, 1, 1 },
		{ IPQ_COPY_PACKET, 2048, 2048 },
		{ IPQ_COPY_PACKET, 65535, PAYLOAD_MAX },
		{ IPQ_COPY_PACKET, 65536, PAYLOAD_MAX },
		{ IPQ_COPY_PACKET, 1000000, PAYLOAD_MAX },
		{ IPQ_COPY_PACKET, SIZE_MAX, PAYLOAD_MAX },
#if SIZE_MAX > UINT32_MAX
		/* ip_queue stored the range in 32 bits */
		{ IPQ_COPY_PACKET, 0x100000010, 16 },
#endif
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct request r = mode_request(modes[i].mode, modes[i].range);
		struct kernel_request out = { .len = 0 };
		const struct nfqnl_msg_config_params *params;

		translate_mode(&out, &r, REFUSAL_IS_EPERM, 300);
		params = attr_of(message_at(&out, 0, NFQNL_MSG_CONFIG, 300),
				 NFQA_CFG_PARAMS, sizeof(*params));
		cr_assert(params && params->copy_mode == modes[i].mode);
		cr_assert(ntohl(params->copy_range) == modes[i].expected,
			  "range %zu: %u", modes[i].range, ntohl(params->copy_range));
	}
}

Test(requests, a_verdict_goes_on_as_it_is)
{
	static const uint32_t values[] = { NF_DROP, NF_ACCEPT, NF_REPEAT, NF_STOP, 0xff };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct request r = verdict_request(0x12345678);
		struct verdict v = { .id = 0x12345678, .value = values[i] };
		struct kernel_request out = { .len = 0 };
		const struct nfqnl_msg_verdict_hdr *hdr;
		struct nlmsghdr *nlh;

		translate_verdict(&out, &r, REFUSAL_IS_EPERM, 65535, &v);
		nlh = message_at(&out, 0, NFQNL_MSG_VERDICT, 65535);
		hdr = attr_of(nlh, NFQA_VERDICT_HDR, sizeof(*hdr));
		cr_assert(hdr && hdr->verdict == htonl(values[i]));
		cr_assert(hdr->id == htonl(0x12345678));
		cr_assert(!attr_of(nlh, NFQA_MARK, 0) && !attr_of(nlh, NFQA_PAYLOAD, 0));
		cr_assert(nlh->nlmsg_len == out.len && out.payload_len == 0);
	}
}

/* An answer makes the descriptor readable, so the program would see it. */
Test(requests, an_answer_is_asked_for_only_where_the_old_request_did)
{
	struct verdict v = { .value = NF_ACCEPT };
	struct nlmsghdr *nlh;

	for (uint16_t ack = 0; ack <= NLM_F_ACK; ack += NLM_F_ACK) {
		struct request mode = mode_request(IPQ_COPY_META, 0);
		struct request verdict = verdict_request(1);
		struct kernel_request out = { .len = 0 };

		mode.nlh.nlmsg_flags = verdict.nlh.nlmsg_flags = NLM_F_REQUEST | ack;
		mode.nlh.nlmsg_seq = verdict.nlh.nlmsg_seq = 99;
		translate_probe(&out, &mode);
		nlh = message_at(&out, 0, NFQNL_MSG_CONFIG, 0);
		cr_assert(nlh->nlmsg_flags == NLM_F_REQUEST);

		out.len = 0;
		translate_claim(&out, &mode, 0, 1024, 0);
		nlh = message_at(&out, 0, NFQNL_MSG_CONFIG, 0);
		cr_assert(nlh->nlmsg_flags == NLM_F_REQUEST);

		out.len = 0;
		translate_mode(&out, &mode, REFUSAL_IS_EPERM, 0);
		nlh = message_at(&out, 0, NFQNL_MSG_CONFIG, 0);
		cr_assert(nlh->nlmsg_flags == (NLM_F_REQUEST | ack));
		cr_assert(!ack || nlh->nlmsg_seq == 99);

		out.len = 0;
		translate_verdict(&out, &verdict, REFUSAL_IS_EPERM, 0, &v);
		nlh = message_at(&out, 0, NFQNL_MSG_VERDICT, 0);
		cr_assert(nlh->nlmsg_flags == (NLM_F_REQUEST | ack));
		cr_assert(!ack || nlh->nlmsg_seq == 99);
	}
}

Test(requests, queue_means_the_same_queue_again)
{
	static const uint16_t queues[] = { 0, 1, 300, 65535 };

	for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++) {
		struct request r = verdict_request(1);
		struct verdict v = { .value = NF_QUEUE };
		struct kernel_request out = { .len = 0 };
		const struct nfqnl_msg_verdict_hdr *hdr;

		translate_verdict(&out, &r, REFUSAL_IS_EPERM, queues[i], &v);
		hdr = attr_of(message_at(&out, 0, NFQNL_MSG_VERDICT, queues[i]),
			      NFQA_VERDICT_HDR, sizeof(*hdr));
		cr_assert(hdr);
		cr_assert(ntohl(hdr->verdict) == (NF_QUEUE | (uint32_t)queues[i] << 16));
	}
}

Test(requests, a_mark_is_set_if_there_is_one)
{
	static const uint32_t marks[] = { 0, 0x12345678, UINT32_MAX };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct request r = verdict_request(1);
		struct verdict v = { .value = NF_ACCEPT, .mark = &marks[i] };
		struct kernel_request out = { .len = 0 };
		struct nlmsghdr *nlh;
		const uint32_t *mark;

		translate_verdict(&out, &r, REFUSAL_IS_EPERM, 0, &v);
		nlh = message_at(&out, 0, NFQNL_MSG_VERDICT, 0);
		mark = attr_of(nlh, NFQA_MARK, sizeof(*mark));
		cr_assert(mark && ntohl(*mark) == marks[i]);
		cr_assert(nlh->nlmsg_len == out.len);
	}
}

/* Assembles the message of a verdict and its payload, as the kernel receives it. */
static void send_payload(const struct verdict *v, char *whole)
{
	struct request r = verdict_request(1);
	struct kernel_request out = { .len = 0 };
	struct nlmsghdr *nlh;

	translate_verdict(&out, &r, REFUSAL_IS_EPERM, 0, v);
	nlh = message_at(&out, 0, NFQNL_MSG_VERDICT, 0);
	cr_assert(out.payload == v->payload && out.payload_len == v->payload_len);
	cr_assert(nlh->nlmsg_len == out.len + out.payload_len);
	memcpy(whole, out.buf, out.len);
	memcpy(whole + out.len, out.payload, out.payload_len);
}

Test(requests, payload_is_sent_from_where_it_is)
{
	static const size_t lengths[] = { 1, 20, 39, 1500, PAYLOAD_MAX };
	static _Alignas(4) char whole[70000];
	static uint8_t payload[PAYLOAD_MAX];

	cr_assert(PAYLOAD_MAX == 65531);
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = i * 7;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (int replace = 0; replace < 2; replace++) {
			struct verdict v = {
				.value = NF_ACCEPT, .payload = payload,
				.payload_len = lengths[i], .replace = replace,
			};
			const void *sent;

			send_payload(&v, whole);
			sent = attr_of((void *)whole, NFQA_PAYLOAD, lengths[i]);
			/* otherwise it is sent only to be echoed in an error message */
			cr_assert(replace ? !!sent : !sent);
			cr_assert(!sent || !memcmp(sent, payload, lengths[i]));
		}
}

Test(requests, no_payload_is_no_attribute)
{
	static const struct verdict verdicts[] = {
		{ .value = NF_ACCEPT, .payload_len = 100, .replace = true },
		{ .value = NF_ACCEPT, .payload = "x", .replace = true },
	};

	for (int i = 0; i < 2; i++) {
		struct request r = verdict_request(1);
		struct kernel_request out = { .len = 0 };

		translate_verdict(&out, &r, REFUSAL_IS_EPERM, 0, &verdicts[i]);
		cr_assert(out.payload_len == 0);
		cr_assert(!attr_of(message_at(&out, 0, NFQNL_MSG_VERDICT, 0),
				   NFQA_PAYLOAD, 0));
	}
}

Test(requests, a_claim_is_probe_bind_and_request_in_one)
{
	struct request r = mode_request(IPQ_COPY_PACKET, 2048);
	struct kernel_request out = { .len = 0 };
	const struct nfqnl_msg_config_cmd *cmd;
	const uint32_t *maxlen;
	struct nlmsghdr *nlh;
	size_t offset;

	translate_probe(&out, &r);
	nlh = message_at(&out, 0, NFQNL_MSG_CONFIG, 0);
	cmd = attr_of(nlh, NFQA_CFG_CMD, sizeof(*cmd));
	cr_assert(cmd && cmd->command == NFQNL_CFG_CMD_PF_UNBIND && cmd->pf == AF_UNSPEC);

	offset = out.len;
	translate_claim(&out, &r, 7, 1024, 0);
	nlh = message_at(&out, offset, NFQNL_MSG_CONFIG, 7);
	cmd = attr_of(nlh, NFQA_CFG_CMD, sizeof(*cmd));
	cr_assert(cmd && cmd->command == NFQNL_CFG_CMD_BIND);
	maxlen = attr_of(nlh, NFQA_CFG_QUEUE_MAXLEN, sizeof(*maxlen));
	cr_assert(maxlen && ntohl(*maxlen) == 1024);

	offset = out.len;
	translate_mode(&out, &r, REFUSAL_IS_EBUSY, 7);
	nlh = message_at(&out, offset, NFQNL_MSG_CONFIG, 7);
	cr_assert(attr_of(nlh, NFQA_CFG_PARAMS, 0) && !attr_of(nlh, NFQA_CFG_CMD, 0));
	cr_assert(offset + nlh->nlmsg_len == out.len);
}

Test(requests, a_claim_sets_the_flags_asked_for)
{
	struct request r = mode_request(IPQ_COPY_PACKET, 2048);

	for (uint32_t flags = 0; flags < NFQA_CFG_F_MAX; flags++) {
		struct kernel_request out = { .len = 0 };
		const uint32_t *set, *mask;
		struct nlmsghdr *nlh;

		translate_claim(&out, &r, 7, 1024, flags);
		nlh = message_at(&out, 0, NFQNL_MSG_CONFIG, 7);
		set = attr_of(nlh, NFQA_CFG_FLAGS, sizeof(*set));
		mask = attr_of(nlh, NFQA_CFG_MASK, sizeof(*mask));
		cr_assert(flags ? set && mask : !set && !mask);
		cr_assert(!flags || (ntohl(*set) == flags && ntohl(*mask) == flags));
	}
}

Test(requests, the_longest_there_is_has_room)
{
	struct request r = verdict_request(1);
	struct verdict v = { .mark = &(uint32_t){ 5 }, .payload = "x", .payload_len = 1 };
	struct kernel_request out = { .len = 0 };

	translate_probe(&out, &r);
	translate_claim(&out, &r, 7, 1024, UINT32_MAX);
	translate_verdict(&out, &r, REFUSAL_IS_EBUSY, 7, &v);
	cr_assert(out.len <= sizeof(out.buf), "%zu bytes", out.len);
}

/* Makes the error message with which the kernel refuses the last message of out,
 * and translates it. */
static struct message refuse(const struct kernel_request *out, int error)
{
	static _Alignas(4) char answer[512];
	struct nlmsghdr nlh = {
		.nlmsg_len = sizeof(nlh) + sizeof(error) + out->len,
		.nlmsg_type = NLMSG_ERROR,
	};
	struct message m;

	error = -error;
	memcpy(answer, &nlh, sizeof(nlh));
	memcpy(answer + sizeof(nlh), &error, sizeof(error));
	memcpy(answer + sizeof(nlh) + sizeof(error), out->buf, out->len);
	translate_message((void *)answer, nlh.nlmsg_len, nlh.nlmsg_len, &m);
	return m;
}

Test(requests, what_is_refused_brings_the_old_request_back)
{
	struct verdict v = { .value = NF_ACCEPT, .mark = &(uint32_t){ 5 } };
	struct request r = mode_request(3, 99), verdict = verdict_request(12);

	for (int kind = 0; kind < 4; kind++) {
		struct kernel_request out = { .len = 0 };
		struct message m;

		switch (kind) {
		case 0:
			translate_probe(&out, &r);
			break;
		case 1:
			translate_claim(&out, &r, 0, 1024, 0);
			break;
		case 2:
			translate_mode(&out, &r, REFUSAL_IS_EBUSY, 0);
			break;
		case 3:
			r = verdict;
			translate_verdict(&out, &r, REFUSAL_IS_EBUSY, 0, &v);
			break;
		}
		m = refuse(&out, EPERM);
		cr_assert(m.kind == MESSAGE_ERROR, "request %d", kind);
		cr_assert(m.error == (kind == 0 ? EPERM : EBUSY));
		cr_assert(m.claim_lost == (kind == 1));
		/* the old request follows the header and the number of the error */
		cr_assert(!memcmp(m.head + 20, &r, sizeof(r)));
		cr_assert(refuse(&out, ENOENT).error == ENOENT);
	}
}

Test(requests, a_malformed_one_is_refused_with_22_whatever_the_kernel_says)
{
	struct request r = mode_request(0, 0);
	struct verdict v = { .value = IMPOSSIBLE_VERDICT };
	struct kernel_request out = { .len = 0 };

	translate_verdict(&out, &r, REFUSAL_IS_EINVAL, 0, &v);
	cr_assert(refuse(&out, EPERM).error == EINVAL);
	cr_assert(refuse(&out, ENOENT).error == EINVAL);
}

Test(requests, a_mark_comes_back_as_one)
{
	struct kernel_request out = { .len = 0 };

	translate_mark(&out, 7);
	cr_assert(refuse(&out, EPERM).kind == MESSAGE_MARK);
	cr_assert(refuse(&out, EINVAL).kind == MESSAGE_MARK);
	cr_assert(refuse(&out, EINVAL).id == 7);
}

Test(requests, a_refusal_of_what_no_program_asked_for_is_for_none)
{
	static const struct request nobodys;
	struct kernel_request out = { .len = 0 };
	const struct nfqnl_msg_config_cmd *cmd;

	translate_unbind(&out, &nobodys, 9);
	cmd = attr_of(message_at(&out, 0, NFQNL_MSG_CONFIG, 9), NFQA_CFG_CMD, sizeof(*cmd));
	cr_assert(cmd && cmd->command == NFQNL_CFG_CMD_UNBIND);
	cr_assert(refuse(&out, EPERM).kind == MESSAGE_NONE);
}

Test(requests, ip_queue_knew_five_verdicts)
{
	static const unsigned int known[] = {
		NF_DROP, NF_ACCEPT, NF_QUEUE, NF_REPEAT, NF_STOP,
	};
	static const unsigned int unknown[] = {
		NF_STOLEN, 6, 7, 0xff, 0x10000, 0x10001, 0x10003, 0x80000001, UINT32_MAX,
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		cr_assert(translate_verdict_known(known[i]), "%#x", known[i]);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		cr_assert(!translate_verdict_known(unknown[i]), "%#x", unknown[i]);
}
