/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams of programs: complete, cut off, corrupted. The copies are exactly as long as
 * what may be read, so that ASan and valgrind detect more. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "wire.h"

TestSuite(wire, .timeout = 60);

#define WHOLE sizeof(struct request)

static struct request mode(void)
{
	return (struct request) {
		.nlh = { WHOLE, IPQM_MODE, NLM_F_REQUEST, 0x01020304, 4711 },
		.body.msg.mode = { .value = IPQ_COPY_PACKET, .range = 0x05060708 },
	};
}

/* Classifies the datagram of len bytes. r is filled with other bytes before. */
static enum wire read_datagram(const void *bytes, size_t len, struct request *r)
{
	size_t have = len < WHOLE ? len : WHOLE;
	void *copy = malloc(have ? have : 1);
	enum wire wire;

	cr_assert(copy);
	memcpy(copy, bytes, have);
	memset(r, 0xee, sizeof(*r));
	wire = wire_read(copy, have, len, r);
	free(copy);
	return wire;
}

/* The module's checks, written a second time (FACTS 2): datagrams without a valid length
 * are ignored, then an invalid port ID, flags or type is refused, then netlink's own
 * types are ignored. */
static enum wire expected(const struct nlmsghdr *nlh, size_t len)
{
	if (len < 16 || nlh->nlmsg_len < 16 || nlh->nlmsg_len > len)
		return WIRE_IGNORED;
	if (nlh->nlmsg_pid == 0 || nlh->nlmsg_pid >> 31)
		return WIRE_MALFORMED;
	if ((nlh->nlmsg_flags & 3) != 1)
		return WIRE_MALFORMED;
	if (nlh->nlmsg_flags & 0x20)
		return WIRE_CUT_OFF;
	if (nlh->nlmsg_type == 0 || nlh->nlmsg_type > 19)
		return WIRE_MALFORMED;
	return nlh->nlmsg_type > 16 ? WIRE_REQUEST : WIRE_IGNORED;
}

/* r must have the bytes that were sent, and zeros for those that were not. */
static void check_datagram(const unsigned char *bytes, size_t len)
{
	unsigned char sent[WHOLE] = { 0 };
	struct nlmsghdr nlh = { 0 };
	enum wire wire;
	struct request r;
	size_t there = len < WHOLE ? len : WHOLE;

	memcpy(&nlh, bytes, len < sizeof(nlh) ? len : sizeof(nlh));
	wire = read_datagram(bytes, len, &r);
	cr_assert(wire == expected(&nlh, len), "%d: length %zu, header %u %x %x %u", wire,
		  len, nlh.nlmsg_len, nlh.nlmsg_type, nlh.nlmsg_flags, nlh.nlmsg_pid);
	if (wire == WIRE_IGNORED)
		return;
	if (nlh.nlmsg_len < there)
		there = nlh.nlmsg_len;
	memcpy(sent, bytes, there);
	cr_assert(!memcmp(&r, sent, sizeof(r)));
}

Test(wire, a_request_is_read_as_it_was_sent)
{
	struct request sent = mode(), r;

	cr_assert(read_datagram(&sent, WHOLE, &r) == WIRE_REQUEST);
	cr_assert(!memcmp(&r, &sent, sizeof(r)));
	sent.nlh.nlmsg_type = IPQM_VERDICT;
	cr_assert(read_datagram(&sent, WHOLE, &r) == WIRE_REQUEST);
	cr_assert(!memcmp(&r, &sent, sizeof(r)));
}

Test(wire, a_datagram_may_be_longer_than_what_is_looked_at)
{
	struct request sent = mode(), r;

	cr_assert(read_datagram(&sent, 100000, &r) == WIRE_REQUEST);
	sent.nlh.nlmsg_len = 100000;
	cr_assert(read_datagram(&sent, 100000, &r) == WIRE_REQUEST);
	cr_assert(r.nlh.nlmsg_len == 100000);
	cr_assert(read_datagram(&sent, 99999, &r) == WIRE_IGNORED);
}

Test(wire, every_truncation_is_ignored_unless_it_admits_it)
{
	struct request sent = mode();

	for (size_t len = 0; len <= WHOLE; len++) {
		sent.nlh.nlmsg_len = WHOLE;
		check_datagram((unsigned char *)&sent, len);
		for (size_t told = 0; told <= len + 1; told++) {
			sent.nlh.nlmsg_len = told;
			check_datagram((unsigned char *)&sent, len);
		}
	}
}

Test(wire, every_corruption_of_a_byte_is_judged_by_the_rules)
{
	struct request sent = mode();
	unsigned char *bytes = (unsigned char *)&sent;

	for (size_t i = 0; i < WHOLE; i++)
		for (int value = 0; value < 256; value++) {
			sent = mode();
			bytes[i] = value;
			check_datagram(bytes, WHOLE);
			check_datagram(bytes, WHOLE + 300);
		}
}

Test(wire, every_type_with_any_flags_is_judged_by_the_rules)
{
	struct request sent = mode();

	for (int type = 0; type < 0x10000; type++) {
		sent.nlh.nlmsg_type = type;
		for (int flags = 0; flags < 8; flags++) {
			sent.nlh.nlmsg_flags = flags;
			check_datagram((unsigned char *)&sent, WHOLE);
		}
	}
}
