/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ip_queue's messages in the form of 32-bit programs, whose long and size_t have 32 bits,
 * for a 64-bit ipq-run. Pure functions: no I/O, no state. */
#include <string.h>

#include "narrow.h"

/* The members of either request are three words in both forms. In ours the first one,
 * which is not a long, has 32 more bits of padding; on x86 these come last. */
#define WORDS 3

struct narrow_packet {
	struct nlmsghdr nlh;
	uint32_t packet_id, mark, timestamp_sec, timestamp_usec;
	unsigned char between[52];	/* the same in both forms, with the padding */
	uint32_t data_len;
};

struct wide_packet {
	struct nlmsghdr nlh;
	ipq_packet_msg_t msg;
};

#if __SIZEOF_LONG__ == 8
_Static_assert(sizeof(struct wide_packet) == sizeof(struct narrow_packet) + NARROW_LESS,
	       "the difference in length");
_Static_assert(sizeof(struct request) == sizeof(struct nlmsghdr) + WORDS * sizeof(uint64_t),
	       "a request has three words");
#endif

/* A request that is too short for its members is refused, and has only a header and some
 * bytes that are echoed. */
void narrow_widen(struct request *r)
{
	uint32_t narrow[WORDS];
	uint64_t wide[WORDS];

	if (r->nlh.nlmsg_len < NARROW_REQUEST)
		return;
	memcpy(narrow, (char *)r + sizeof(r->nlh), sizeof(narrow));
	for (int i = 0; i < WORDS; i++)
		wide[i] = narrow[i];
	memcpy((char *)r + sizeof(r->nlh), wide, sizeof(*r) - sizeof(r->nlh));
	r->nlh.nlmsg_len += sizeof(*r) - NARROW_REQUEST;
}

static size_t copy_packet(unsigned char *to, const unsigned char *message, size_t n)
{
	struct narrow_packet narrow;
	struct wide_packet wide;

	memcpy(&wide, message, sizeof(wide));
	narrow = (struct narrow_packet) {
		.nlh = wide.nlh,
		.packet_id = wide.msg.packet_id,
		.mark = wide.msg.mark,
		.timestamp_sec = wide.msg.timestamp_sec,
		.timestamp_usec = wide.msg.timestamp_usec,
		.data_len = wide.msg.data_len,
	};
	narrow.nlh.nlmsg_len -= NARROW_LESS;
	memcpy(narrow.between, message + offsetof(struct wide_packet, msg.hook),
	       sizeof(narrow.between));
	memcpy(to, &narrow, sizeof(narrow));
	memcpy(to + sizeof(narrow), message + sizeof(wide), n - sizeof(wide));
	return NARROW_LESS;
}

/* An error echoes the request after its own header and the number of the error; an
 * acknowledgement echoes only the request's header. */
#define ECHO (sizeof(struct nlmsghdr) + sizeof(int))

static size_t copy_error(unsigned char *to, const unsigned char *message, size_t n)
{
	const size_t less = sizeof(struct request) - NARROW_REQUEST;
	struct nlmsghdr nlh, echo;
	uint32_t narrow[WORDS];
	uint64_t wide[WORDS];

	memcpy(to, message, n);
	memcpy(&nlh, message, sizeof(nlh));
	memcpy(&echo, message + ECHO, sizeof(echo));
	if (echo.nlmsg_len < sizeof(struct request))
		return 0;
	echo.nlmsg_len -= less;
	memcpy(to + ECHO, &echo, sizeof(echo));
	if (n < ECHO + sizeof(struct request))
		return 0;
	nlh.nlmsg_len -= less;
	memcpy(to, &nlh, sizeof(nlh));
	memcpy(wide, message + ECHO + sizeof(echo), sizeof(wide));
	for (int i = 0; i < WORDS; i++)
		narrow[i] = wide[i];
	memcpy(to + ECHO + sizeof(echo), narrow, sizeof(narrow));
	memcpy(to + ECHO + NARROW_REQUEST, message + ECHO + sizeof(struct request),
	       n - ECHO - sizeof(struct request));
	return less;
}

size_t narrow_copy(void *to, const void *message, size_t n)
{
	struct nlmsghdr nlh = { .nlmsg_type = NLMSG_NOOP };

	if (n >= sizeof(nlh))
		memcpy(&nlh, message, sizeof(nlh));
	if (nlh.nlmsg_type == IPQM_PACKET && n >= sizeof(struct wide_packet))
		return copy_packet(to, message, n);
	if (nlh.nlmsg_type == NLMSG_ERROR && n >= ECHO + sizeof(nlh))
		return copy_error(to, message, n);
	memcpy(to, message, n);
	return 0;
}
