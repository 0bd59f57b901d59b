/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passes captured messages, or altered ones, to translate_message. The copies are exactly
 * as long as the memory that may be read, so that the address sanitizer and valgrind find
 * reads beyond it. */
#ifndef UNIT_CUT_H
#define UNIT_CUT_H

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "captured.h"
#include "translate.h"

#define BYTES(array) array, sizeof(array)

struct captured {
	const uint8_t *bytes;
	size_t len;
};

static inline void skip_foreign_machines(void)
{
	if (BYTE_ORDER != LITTLE_ENDIAN || sizeof(long) != 8)
		cr_skip_test("the captured messages are for a little-endian machine "
			     "with 64-bit longs");
}

/* Translates a message of len bytes, of which only the first "have" bytes are in memory.
 * The result must not depend on what was in it before. */
static inline struct message translate_cut(const uint8_t *bytes, size_t have, size_t len)
{
	uint8_t *copy = malloc(have);
	struct message m;

	cr_assert(copy);
	memcpy(copy, bytes, have);
	memset(&m, 0xee, sizeof(m));
	translate_message((const void *)copy, have, len, &m);
	free(copy);
	return m;
}

static inline struct message translate(const uint8_t *bytes, size_t len)
{
	return translate_cut(bytes, len, len);
}

#endif
