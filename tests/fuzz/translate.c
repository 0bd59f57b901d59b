/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes messages from the kernel. The first byte says how much of the message
 * is in one piece. */
#include "fuzz.h"
#include "translate.h"

/* The code that stores the message relies on these. */
static void check_message(const struct message *m, size_t len)
{
	struct nlmsghdr nlh;

	CHECK(m->head_len >= sizeof(nlh) && m->head_len <= sizeof(m->head));
	memcpy(&nlh, m->head, sizeof(nlh));
	CHECK(m->head_len + m->payload_len <= m->len);
	CHECK(m->len == NLMSG_ALIGN(nlh.nlmsg_len));
	CHECK(!m->payload_len || (m->payload_offset && m->payload_offset < len &&
				  m->payload_len <= len - m->payload_offset));
	if (m->kind == MESSAGE_PACKET) {
		CHECK(nlh.nlmsg_type == IPQM_PACKET);
		CHECK(m->packet.msg.data_len == m->payload_len);
		CHECK(m->packet.msg.hw_addrlen <= sizeof(m->packet.msg.hw_addr));
	} else {
		CHECK(nlh.nlmsg_type == NLMSG_ERROR);
		CHECK(m->error >= 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t have, len;
	struct message m;
	uint8_t *copy;

	if (!size)
		return 0;
	len = size - 1;
	have = data[0] ? len * data[0] / 255 : len;
	/* as nfqueue_receive provides it: the whole message, or at least its head */
	copy = aligned_alloc(4, (have + 4) & ~3u);
	CHECK(copy);
	memcpy(copy, data + 1, have);
	memset(&m, 0xee, sizeof(m));
	translate_message((const struct nlmsghdr *)copy, have, len, &m);
	free(copy);
	if (m.kind == MESSAGE_PACKET || m.kind == MESSAGE_ERROR)
		check_message(&m, len);
	return 0;
}
