/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages from the kernel that are cut short or corrupt. */
#include "cut.h"

TestSuite(hostile, .init = skip_foreign_machines, .timeout = 60);

static const struct captured captured[] = {
	{ BYTES(prerouting) },
	{ BYTES(input) },
	{ BYTES(forward) },
	{ BYTES(forwarded) },
	{ BYTES(output) },
	{ BYTES(postrouting) },
	{ BYTES(output6) },
	{ BYTES(input6) },
	{ BYTES(meta) },
	{ BYTES(unknown_id) },
	{ BYTES(unknown_id_payload) },
	{ BYTES(unknown_verdict) },
	{ BYTES(unknown_mode) },
	{ BYTES(taken) },
	{ BYTES(forbidden) },
	{ BYTES(acknowledged) },
};
#define CAPTURED (sizeof(captured) / sizeof(captured[0]))

/* Whatever the message is, lengths and offsets in the result stay within it. */
static void assert_sane(const struct message *m, size_t len)
{
	size_t most = m->kind == MESSAGE_PACKET ? len : INT32_MAX;

	if (m->kind == MESSAGE_NONE || m->kind == MESSAGE_MARK)
		return;
	cr_assert(m->kind == MESSAGE_PACKET || m->kind == MESSAGE_ERROR);
	cr_assert(m->payload_len == 0 || m->payload_offset <= len);
	cr_assert(m->payload_len == 0 || m->payload_len <= len - m->payload_offset);
	cr_assert(m->head_len <= sizeof(m->head));
	cr_assert(m->len >= m->head_len + m->payload_len);
	cr_assert(m->len % 4 == 0 && m->len <= m->head_len + most + 3);
}

/* Whether both results are the same. The payload of an error message may
 * be missing in a. */
static bool same(const struct message *a, const struct message *b)
{
	if (a->kind != b->kind || a->head_len != b->head_len || a->len != b->len ||
	    memcmp(a->head, b->head, a->head_len))
		return false;
	if (a->kind == MESSAGE_ERROR)
		return a->error == b->error && a->claim_lost == b->claim_lost &&
		       a->payload_len <= b->payload_len;
	return a->family == b->family && a->id == b->id && a->indev == b->indev &&
	       a->outdev == b->outdev && a->has_hw_addr == b->has_hw_addr &&
	       a->payload_offset == b->payload_offset &&
	       a->payload_len == b->payload_len;
}

Test(hostile, a_message_seen_only_in_part_is_none_or_all_of_it)
{
	for (size_t i = 0; i < CAPTURED; i++) {
		const uint8_t *bytes = captured[i].bytes;
		size_t len = captured[i].len;
		struct message whole = translate(bytes, len), m;

		for (size_t have = 0; have < len; have++) {
			m = translate_cut(bytes, have, len);
			cr_assert(m.kind == MESSAGE_NONE || same(&m, &whole),
				  "message %zu, %zu of %zu bytes", i, have, len);
			/* everything before the payload is in memory */
			cr_assert(whole.payload_len == 0 || have < whole.payload_offset ||
				  m.kind == whole.kind,
				  "message %zu, %zu of %zu bytes", i, have, len);
		}
	}
}

Test(hostile, a_datagram_shorter_than_its_message_is_none)
{
	for (size_t i = 0; i < CAPTURED; i++) {
		struct nlmsghdr nlh;

		memcpy(&nlh, captured[i].bytes, sizeof(nlh));
		for (size_t len = 0; len < nlh.nlmsg_len; len++)
			cr_assert(translate(captured[i].bytes, len).kind == MESSAGE_NONE,
				  "message %zu, %zu bytes", i, len);
	}
}

Test(hostile, any_byte_may_be_anything)
{
	uint8_t bytes[256];

	for (size_t i = 0; i < CAPTURED; i++) {
		size_t len = captured[i].len;

		memcpy(bytes, captured[i].bytes, len);
		for (size_t at = 0; at < len; at++) {
			for (int value = 0; value < 256; value++) {
				struct message m;

				bytes[at] = value;
				m = translate(bytes, len);
				assert_sane(&m, len);
				/* the payload is not examined, so it may be missing */
				m = translate_cut(bytes, len - len % 7 - 1, len);
				assert_sane(&m, len);
			}
			bytes[at] = captured[i].bytes[at];
		}
	}
}

Test(hostile, several_bytes_may_be_anything)
{
	uint8_t bytes[256];
	uint64_t random = 1;

	for (int round = 0; round < 200000; round++) {
		const struct captured *c = &captured[round % CAPTURED];
		struct message m;
		size_t have;

		memcpy(bytes, c->bytes, c->len);
		for (int i = 0; i < 2 + round % 4; i++) {
			/* Knuth's MMIX; the lower bits have a short period */
			random = random * 6364136223846793005 + 1442695040888963407;
			/* leave the length and the type as they are: messages of other
			 * types are ignored */
			bytes[6 + (random >> 33) % (c->len - 6)] = random >> 56;
		}
		have = (random >> 20) % (c->len + 1);
		m = translate_cut(bytes, have, c->len);
		assert_sane(&m, c->len);
	}
}
