/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the fuzz harnesses: libFuzzer calls the function with one input after
 * another. A failed check ends the program. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) do { if (!(condition)) abort(); } while (0)

/* Returns a copy that is exactly as long as the memory that may be read, for the
 * address sanitizer. */
static inline char *copy_of(const void *bytes, size_t len)
{
	char *copy = malloc(len);

	CHECK(copy || !len);
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

#endif
