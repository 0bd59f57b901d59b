/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A received datagram in pieces: the head is in a buffer of its own, the rest in the
 * program's buffer, some more bytes in a third one, and the end is lost. Knows nothing of
 * what the bytes mean. */
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include <criterion/criterion.h>

#include "nfqueue.h"

TestSuite(pieces, .timeout = 60);

#define LEN_MAX (6 * NFQUEUE_HEAD_MAX)

static unsigned char byte_at(size_t offset)
{
	return offset * 7 + offset / 256;
}

/* Receives a datagram of len bytes, of which up to rest_len are stored at rest. */
static void receive(struct nfqueue_datagram *d, unsigned char *rest, size_t rest_len,
		    size_t len)
{
	static unsigned char bytes[LEN_MAX];
	int ends[2];

	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_at(i);
	memset(d, 0xee, sizeof(*d));
	d->rest = rest;
	d->rest_len = rest_len;
	cr_assert(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	cr_assert(send(ends[0], bytes, len, 0) == (ssize_t)len);
	cr_assert(!nfqueue_receive(ends[1], MSG_DONTWAIT, d) && d->len == len);
	close(ends[0]);
	close(ends[1]);
}

/* Lengths around those at which the pieces change. */
static const size_t rests[] = { 0, 1, 20, 255, 256, 257, 512, 1024 };
static const size_t lens[] = { 16, 100, 255, 256, 257, 511, 512, 513, 1024, 1025, LEN_MAX };
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static size_t kept_of(size_t rest_len, size_t len)
{
	size_t most = 2 * NFQUEUE_HEAD_MAX + rest_len;

	return len < most ? len : most;
}

Test(pieces, any_bytes_are_copied_as_far_as_they_were_kept)
{
	static unsigned char rest[LEN_MAX], to[LEN_MAX];
	struct nfqueue_datagram d;

	for (size_t r = 0; r < COUNT_OF(rests); r++)
		for (size_t l = 0; l < COUNT_OF(lens); l++) {
			size_t kept = kept_of(rests[r], lens[l]);

			receive(&d, rest, rests[r], lens[l]);
			for (size_t offset = 0; offset < LEN_MAX; offset += 37) {
				size_t all = offset < kept ? kept - offset : 0;

				for (size_t n = 0; n <= LEN_MAX; n += 128) {
					size_t most = n < all ? n : all;

					cr_assert(nfqueue_copy(&d, offset, n, to) == most);
					for (size_t i = 0; i < most; i++)
						cr_assert(to[i] == byte_at(offset + i));
				}
			}
		}
}

/* The rest may be before or after its final place, or in it. */
Test(pieces, payload_is_put_together_wherever_its_rest_was_received)
{
	static unsigned char buffer[LEN_MAX + 2 * NFQUEUE_HEAD_MAX];
	static const size_t offset = 60, len = 4 * NFQUEUE_HEAD_MAX;
	unsigned char *to = buffer + NFQUEUE_HEAD_MAX;
	struct nfqueue_datagram d;

	for (size_t at = 0; at < 2 * NFQUEUE_HEAD_MAX; at += 4) {
		memset(buffer, 0xee, sizeof(buffer));
		receive(&d, buffer + at, LEN_MAX - at, len);
		cr_assert(nfqueue_copy(&d, offset, len - offset, to) == len - offset);
		for (size_t i = offset; i < len; i++)
			cr_assert(to[i - offset] == byte_at(i), "%zu at %zu", i, at);
	}
}

Test(pieces, the_head_is_in_one_piece_and_aligned)
{
	static unsigned char rest[LEN_MAX];
	struct nfqueue_datagram d;

	for (size_t r = 0; r < COUNT_OF(rests); r++)
		for (size_t l = 0; l < COUNT_OF(lens); l++) {
			size_t have = lens[l] < NFQUEUE_HEAD_MAX ? lens[l] : NFQUEUE_HEAD_MAX;

			receive(&d, rest, rests[r], lens[l]);
			cr_assert((uintptr_t)nfqueue_head(&d) % _Alignof(struct nlmsghdr) == 0);
			cr_assert(nfqueue_have(&d) == have);
			for (size_t i = 0; i < have; i++)
				cr_assert(((unsigned char *)nfqueue_head(&d))[i] == byte_at(i));
		}
}
