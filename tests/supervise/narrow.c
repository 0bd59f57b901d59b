/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ip_queue's messages in the form of 32-bit programs: the sizes and offsets are those
 * that an i386 compiler gives the structs. The copies are exactly as long as what
 * may be read, so that ASan and valgrind detect more. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "narrow.h"

TestSuite(narrow, .timeout = 60);

struct wide_packet {
	struct nlmsghdr nlh;
	ipq_packet_msg_t msg;
};

/* Copies a message of n bytes. Returns the length of the copy, which is in "copied". */
static unsigned char copied[65536];

static size_t copy(const void *message, size_t n)
{
	void *exact = malloc(n ? n : 1);
	size_t less;

	cr_assert(exact);
	memcpy(exact, message, n);
	memset(copied, 0xee, sizeof(copied));
	less = narrow_copy(copied, exact, n);
	free(exact);
	cr_assert(less <= n && copied[n] == 0xee);
	return n - less;
}

static uint32_t word(size_t offset)
{
	uint32_t value;

	memcpy(&value, copied + offset, sizeof(value));
	return value;
}

Test(narrow, a_packet_has_its_members_and_payload_where_they_are_in_32_bits)
{
	struct {
		struct wide_packet packet;
		char payload[8];
	} m = {
		.packet = {
			.nlh = { sizeof(m), IPQM_PACKET, 0, 0, 0 },
			.msg = {
				.packet_id = 0x80000001, .mark = 0x12345678,
				.timestamp_sec = 1000, .timestamp_usec = 999999, .hook = 3,
				.indev_name = "eth0", .outdev_name = "123456789012345",
				.hw_protocol = 0x0800, .hw_type = 772, .hw_addrlen = 6,
				.hw_addr = "\1\2\3\4\5\6\7\10", .data_len = 7,
			},
		},
		.payload = "payload",
	};

	cr_assert(copy(&m, sizeof(m)) == 96);
	cr_assert(word(0) == 96 && (word(4) & 0xffff) == IPQM_PACKET);
	cr_assert(word(16) == 0x80000001 && word(20) == 0x12345678);
	cr_assert(word(24) == 1000 && word(28) == 999999 && word(32) == 3);
	cr_assert_str_eq((char *)copied + 36, "eth0");
	cr_assert_str_eq((char *)copied + 52, "123456789012345");
	cr_assert(word(68) == (772 << 16 | 0x0800) && copied[72] == 6);
	cr_assert(!memcmp(copied + 73, "\1\2\3\4\5\6\7\10", 8));
	cr_assert(word(84) == 7);
	cr_assert_str_eq((char *)copied + 88, "payload");
}

/* What wire_read has read: the first bytes are the program's, the others are zero. */
static struct request as_read(const uint32_t *words, size_t len)
{
	struct request r;

	memset(&r, 0, sizeof(r));
	memcpy(&r, words, len);
	return r;
}

Test(narrow, a_request_is_refused_with_the_bytes_that_it_had)
{
	const uint32_t verdict[7] = { 32, IPQM_VERDICT, 4711, 4712, 1, 0x87654321, 4 };
	struct request r = as_read(verdict, sizeof(verdict));
	struct {
		struct nlmsghdr nlh;
		int error;
		unsigned char request[sizeof(struct request)];
		char payload[4];
	} m = { .nlh = { 64, NLMSG_ERROR, 0, 0, 0 }, .error = -2, .payload = "abc" };

	narrow_widen(&r);
	cr_assert(r.nlh.nlmsg_len == sizeof(r) + 4);
	cr_assert(r.body.msg.verdict.value == 1 && r.body.msg.verdict.id == 0x87654321);
	cr_assert(r.body.msg.verdict.data_len == 4);
	memcpy(m.request, &r, sizeof(r));
	cr_assert(copy(&m, sizeof(m)) == 52);
	cr_assert(word(0) == 52 && (int)word(16) == -2);
	cr_assert(!memcmp(copied + 20, verdict, sizeof(verdict)));
	cr_assert_str_eq((char *)copied + 48, "abc");
}

Test(narrow, a_mode_has_its_range_behind_one_byte)
{
	const uint32_t mode[7] = { 28, IPQM_MODE, 4711, 4712, 0xcccccc02, 1500, 0xcccccccc };
	struct request r = as_read(mode, sizeof(mode));

	narrow_widen(&r);
	cr_assert(r.nlh.nlmsg_len == sizeof(r));
	cr_assert(r.body.msg.mode.value == 2 && r.body.msg.mode.range == 1500);
}

Test(narrow, a_request_too_short_stays_too_short_and_is_echoed_as_it_is)
{
	struct {
		struct nlmsghdr nlh;
		int error;
		unsigned char echo[28];
	} m = { .nlh = { .nlmsg_type = NLMSG_ERROR }, .error = -22 };

	for (uint32_t len = 16; len < 28; len++) {
		const uint32_t words[7] = { len, IPQM_VERDICT, 1, 2, 3, 4, 5 };
		struct request r = as_read(words, len);

		narrow_widen(&r);
		cr_assert(r.nlh.nlmsg_len == len);
		m.nlh.nlmsg_len = 20 + len;
		memcpy(m.echo, &r, len);
		cr_assert(copy(&m, NLMSG_ALIGN(20 + len)) == NLMSG_ALIGN(20 + len));
		cr_assert(word(0) == 20 + len && !memcmp(copied + 20, words, len));
	}
}

Test(narrow, an_acknowledgement_tells_the_length_that_the_request_had)
{
	const struct {
		struct nlmsghdr nlh;
		struct nlmsgerr error;
	} m = {
		.nlh = { sizeof(m), NLMSG_ERROR, 0, 0, 0 },
		.error.msg = { sizeof(struct request), IPQM_MODE, NLM_F_ACK, 0, 0 },
	};

	cr_assert(copy(&m, sizeof(m)) == 36);
	cr_assert(word(0) == 36 && word(20) == 28);
}

Test(narrow, any_other_message_stays_as_it_is)
{
	const struct nlmsghdr noop = { sizeof(noop), NLMSG_NOOP, 0, 0, 0 };

	for (size_t n = 0; n <= sizeof(noop); n++) {
		cr_assert(copy(&noop, n) == n);
		cr_assert(!memcmp(copied, &noop, n));
	}
}
