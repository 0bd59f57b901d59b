/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of a supervised program, for harnesses that fuzz what ipq-run reads there.
 * Another thread of the program may write to it at any time. Knows nothing of what is in
 * it. */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include <errno.h>
#include <sys/types.h>

#include "fuzz.h"

/* Where the memory begins. What is before it and behind it does not exist. */
#define MEMORY_BASE 0x10000

#define MEMORY_THREAD 4711	/* whose memory it is */

static struct {
	uint8_t *bytes;
	size_t size;
	const uint8_t *changes;		/* pairs of a place and what is written there */
	size_t changes_left;
} memory;

/* Makes memory of the input, which begins with up to "changes" changes, and "more" bytes
 * of zeros behind it. */
static void memory_make(const uint8_t *data, size_t size, size_t changes, size_t more)
{
	memory.changes = data;
	memory.changes_left = changes <= size / 2 ? changes : size / 2;
	data += 2 * memory.changes_left;
	size -= 2 * memory.changes_left;
	memory.size = size + more;
	memory.bytes = calloc(1, memory.size + !memory.size);
	CHECK(memory.bytes);
	if (size)
		memcpy(memory.bytes, data, size);
}

static void memory_end(void)
{
	free(memory.bytes);
}

static uint8_t *memory_place(const void *pointer, size_t n)
{
	uintptr_t at = (uintptr_t)pointer;

	if (at < MEMORY_BASE || at - MEMORY_BASE > memory.size ||
	    n > memory.size - (at - MEMORY_BASE))
		return NULL;
	return memory.bytes + (at - MEMORY_BASE);
}

static int memory_copy(pid_t thread, void *to, const void *from, size_t n)
{
	CHECK(thread == MEMORY_THREAD);
	if (!to || !from) {
		errno = EFAULT;
		return -1;
	}
	memcpy(to, from, n);
	if (memory.changes_left && memory.size) {
		memory.bytes[memory.changes[0] % memory.size] = memory.changes[1];
		memory.changes += 2;
		memory.changes_left--;
	}
	return 0;
}

#endif
