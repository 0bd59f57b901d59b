/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A received datagram of which a part lies where the program wants it, some bytes
 * more beside that, and the rest is lost. Knows nothing of what the bytes mean. */
#include <string.h>

#include <criterion/criterion.h>

#include "nfqueue.h"

TestSuite(pieces, .timeout = 60);

#define LEN_MAX (4 * NFQUEUE_HEAD_MAX)
#define KEPT_BESIDE NFQUEUE_HEAD_MAX

static unsigned char byte_at(size_t offset)
{
	return offset * 7 + offset / 256;
}

/* As recvmsg(2) leaves it: len bytes came, start_len of them at start. */
static void receive(struct nfqueue_datagram *d, unsigned char *start, size_t start_len,
		    size_t len)
{
	memset(d->spill, 0xee, sizeof(d->spill));
	for (size_t i = 0; i < len && i < start_len; i++)
		start[i] = byte_at(i);
	for (size_t i = start_len; i < len && i < start_len + KEPT_BESIDE; i++)
		d->spill[i - start_len] = byte_at(i);
	nfqueue_received(d, start, start_len, len);
}

/* Around the lengths at which something changes. */
static const size_t starts[] = { 0, 1, 20, 511, 512, 513, 1024 };
static const size_t lens[] = { 16, 100, 511, 512, 513, 1024, 1025, 1536, 1537, LEN_MAX };
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static size_t kept_of(size_t start_len, size_t len)
{
	return len < start_len + KEPT_BESIDE ? len : start_len + KEPT_BESIDE;
}

Test(pieces, any_bytes_are_copied_as_far_as_they_were_kept)
{
	static _Alignas(struct nlmsghdr) unsigned char start[LEN_MAX];
	static unsigned char to[LEN_MAX];
	struct nfqueue_datagram d;

	for (size_t s = 0; s < COUNT_OF(starts); s++)
		for (size_t l = 0; l < COUNT_OF(lens); l++) {
			size_t kept = kept_of(starts[s], lens[l]);

			receive(&d, start, starts[s], lens[l]);
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

Test(pieces, the_head_is_in_one_piece_and_aligned)
{
	static _Alignas(struct nlmsghdr) unsigned char buffer[LEN_MAX + 4];
	struct nfqueue_datagram d;

	for (size_t unaligned = 0; unaligned < 4; unaligned++)
		for (size_t s = 0; s < COUNT_OF(starts); s++)
			for (size_t l = 0; l < COUNT_OF(lens); l++) {
				size_t kept = kept_of(starts[s], lens[l]);
				size_t least = kept < KEPT_BESIDE ? kept : KEPT_BESIDE;

				receive(&d, buffer + unaligned, starts[s], lens[l]);
				cr_assert((uintptr_t)d.nlh % _Alignof(struct nlmsghdr) == 0);
				cr_assert(d.have >= least && d.have <= kept);
				for (size_t i = 0; i < d.have; i++)
					cr_assert(((unsigned char *)d.nlh)[i] == byte_at(i));
			}
}

Test(pieces, what_lies_where_it_belongs_is_known_to)
{
	static _Alignas(struct nlmsghdr) unsigned char start[LEN_MAX];
	struct nfqueue_datagram d;

	receive(&d, start, 1000, 900);
	cr_assert(nfqueue_in_place(&d, 100, 800, start + 100));
	cr_assert(!nfqueue_in_place(&d, 100, 800, start + 96));
	cr_assert(!nfqueue_in_place(&d, 100, 801, start + 100), "more than came");
	receive(&d, start, 1000, 1100);
	cr_assert(nfqueue_in_place(&d, 100, 900, start + 100));
	cr_assert(!nfqueue_in_place(&d, 100, 901, start + 100), "it lies beside");
}
