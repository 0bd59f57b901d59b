/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what programs send: the datagram, the requests to the kernel made from it, and
 * the answer if the kernel refuses them, which must be that of the ip_queue module. */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>

#include "fuzz.h"
#include "translate.h"
#include "wire.h"

#define ECHO (sizeof(struct nlmsghdr) + sizeof(int))

/* Makes an answer as netlink_ack does: the error number, then the whole request, or only
 * its header if there is no error. */
static void answer(const struct kernel_request *out, struct message *m, int error)
{
	const struct nlmsghdr *request = (const void *)out->buf;
	size_t len = ECHO + (error ? out->len + out->payload_len : sizeof(*request));
	struct nlmsghdr *nlh = calloc(1, ECHO + out->len + out->payload_len + 3);

	CHECK(nlh && request->nlmsg_len == out->len + out->payload_len);
	*nlh = (struct nlmsghdr) {
		.nlmsg_len = len,
		.nlmsg_type = NLMSG_ERROR,
		.nlmsg_pid = 1040000000,
	};
	memcpy((char *)nlh + sizeof(*nlh), &(int){ -error }, sizeof(int));
	memcpy((char *)nlh + ECHO, out->buf, out->len);
	if (out->payload_len)
		memcpy((char *)nlh + ECHO + out->len, out->payload, out->payload_len);
	translate_message(nlh, len, len, m);
	if (m->kind == MESSAGE_ERROR)
		translate_address(m, 4711);
	free(nlh);
}

static void check_granted(const struct message *m, const struct request *r, uint16_t type)
{
	struct nlmsghdr nlh[2];

	CHECK(m->kind == MESSAGE_ERROR && !m->error && !m->payload_len);
	memcpy(&nlh[0], m->head, sizeof(nlh[0]));
	memcpy(&nlh[1], m->head + ECHO, sizeof(nlh[1]));
	CHECK(nlh[0].nlmsg_seq == r->nlh.nlmsg_seq && nlh[0].nlmsg_pid == 4711);
	CHECK(nlh[1].nlmsg_len == r->nlh.nlmsg_len && nlh[1].nlmsg_type == type);
	CHECK(nlh[1].nlmsg_seq == r->nlh.nlmsg_seq && nlh[1].nlmsg_pid == 4711);
}

static void check_answer(const struct message *m, const struct request *r, int error,
			 size_t payload_len)
{
	size_t echoed = r->nlh.nlmsg_len < sizeof(*r) ? r->nlh.nlmsg_len : sizeof(*r);
	struct nlmsghdr nlh;
	int negative;

	if (r->nlh.nlmsg_len > INT32_MAX) {
		CHECK(m->kind == MESSAGE_NONE);
		return;
	}
	CHECK(m->kind == MESSAGE_ERROR && m->error == error);
	memcpy(&nlh, m->head, sizeof(nlh));
	memcpy(&negative, m->head + sizeof(nlh), sizeof(negative));
	CHECK(nlh.nlmsg_len == ECHO + r->nlh.nlmsg_len && nlh.nlmsg_type == NLMSG_ERROR);
	CHECK(nlh.nlmsg_seq == r->nlh.nlmsg_seq && nlh.nlmsg_pid == 4711);
	CHECK(negative == -error);
	CHECK(m->head_len == ECHO + echoed && !memcmp(m->head + ECHO, r, echoed));
	CHECK(m->payload_len == payload_len);
}

static void put_verdict(const struct request *r, const uint8_t *payload, size_t len,
			const uint32_t *mark)
{
	struct verdict v = {
		.id = r->body.msg.verdict.id,
		.value = r->body.msg.verdict.value & 0xff,
		.all_before = mark && !len,
		.mark = mark,
		.payload = len || mark ? payload : NULL,
		.payload_len = len,
		.replace = len == r->body.msg.verdict.data_len,
	};
	struct kernel_request out;
	struct message m;

	kernel_request_init(&out);
	translate_verdict(&out, r, REFUSAL_IS_EPERM, 1, &v);
	CHECK(out.len <= sizeof(out.buf));
	answer(&out, &m, ENOENT);
	check_answer(&m, r, ENOENT, len);
	answer(&out, &m, 0);
	check_granted(&m, r, IPQM_VERDICT);
	/* the longest message: a claim, then the request */
	kernel_request_init(&out);
	translate_probe(&out, r);
	translate_claim(&out, r, 1, UINT32_MAX, UINT32_MAX);
	translate_verdict(&out, r, REFUSAL_IS_EBUSY, 1, &v);
	CHECK(out.len <= sizeof(out.buf));
}

static void put_mode(const struct request *r)
{
	struct kernel_request out;
	struct message m;

	kernel_request_init(&out);
	translate_mode(&out, r, REFUSAL_IS_EBUSY, 65535);
	CHECK(out.len <= sizeof(out.buf));
	answer(&out, &m, EPERM);
	check_answer(&m, r, EBUSY, 0);
	answer(&out, &m, 0);
	check_granted(&m, r, IPQM_MODE);
}

/* Requests that the library sends in addition to the program's: before the first,
 * and at the end. */
static void put_claims(const struct request *r)
{
	struct kernel_request out;
	struct message m;

	for (uint32_t flags = 0; flags < 2; flags++) {
		kernel_request_init(&out);
		translate_claim(&out, r, 1, 1024, flags);
		answer(&out, &m, EPERM);
		check_answer(&m, r, EBUSY, 0);
		CHECK(m.kind == MESSAGE_NONE || m.claim_lost);
	}
	kernel_request_init(&out);
	translate_unbind(&out, r, 1);
	answer(&out, &m, EPERM);
	check_answer(&m, r, EPERM, 0);
	kernel_request_init(&out);
	translate_mark(&out, r->nlh.nlmsg_seq);
	answer(&out, &m, EINVAL);
	CHECK(m.kind == MESSAGE_MARK && m.id == r->nlh.nlmsg_seq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t have = size < sizeof(struct request) ? size : sizeof(struct request);
	uint8_t *head = malloc(have ? have : 1);
	struct request r;
	size_t payload_len = 0;
	enum wire wire;

	CHECK(head);
	memcpy(head, data, have);
	wire = wire_read(head, have, size, &r);
	free(head);
	if (wire == WIRE_IGNORED)
		return 0;
	CHECK(r.nlh.nlmsg_len >= sizeof(r.nlh) && r.nlh.nlmsg_len <= size);
	if (r.nlh.nlmsg_len > sizeof(r))
		payload_len = r.nlh.nlmsg_len - sizeof(r);
	if (payload_len <= PAYLOAD_MAX) {
		put_verdict(&r, data + sizeof(r), payload_len, NULL);
		put_verdict(&r, data + sizeof(r), payload_len, &r.nlh.nlmsg_seq);
	}
	put_mode(&r);
	put_claims(&r);
	return 0;
}
