/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses a line of the kernel's list of queues, and the settings in a process's
 * environment, as /proc shows them. Pure: no I/O, nothing allocated. */
#include <string.h>

#include "queue-line.h"

#define MAXLEN_DEFAULT 1024

static bool next_number(struct text *rest, unsigned long max, unsigned long *n)
{
	struct text word;

	return text_word(rest, &word, QUOTES_NFT) && text_number(word, max, n);
}

bool queue_line(struct text line, struct queue *queue)
{
	static const unsigned long max[] = {
		UINT16_MAX, UINT32_MAX, UINT32_MAX, UINT8_MAX, UINT32_MAX,
		UINT32_MAX, UINT32_MAX, UINT32_MAX,
	};
	unsigned long n[sizeof(max) / sizeof(*max)];

	for (size_t i = 0; i < sizeof(max) / sizeof(*max); i++)
		if (!next_number(&line, max[i], &n[i]))
			return false;
	*queue = (struct queue) {
		.number = n[0], .port_id = n[1], .waiting = n[2], .mode = n[3],
		.range = n[4], .dropped_full = n[5], .dropped_slow = n[6],
		.last_id = n[7],
	};
	return true;
}

/* Takes the next variable off an environment, which must not be empty. */
static struct text next_variable(struct text *environ)
{
	const char *end = memchr(environ->at, '\0', environ->len);
	size_t len = end ? (size_t)(end - environ->at) : environ->len;
	struct text entry = { environ->at, len };

	environ->at += len + !!end;
	environ->len -= len + !!end;
	return entry;
}

uint32_t environ_maxlen(struct text environ)
{
	static const char name[] = "LIBIPQ_MAXLEN=";
	const size_t name_len = sizeof(name) - 1;
	unsigned long maxlen;

	while (environ.len) {
		struct text entry = next_variable(&environ);

		if (!text_starts(entry, name))
			continue;
		entry = (struct text) { entry.at + name_len, entry.len - name_len };
		if (text_is(entry, "-1"))
			return UINT32_MAX;
		return text_number(entry, UINT32_MAX, &maxlen) ? maxlen : MAXLEN_DEFAULT;
	}
	return MAXLEN_DEFAULT;
}

bool environ_has_queue(struct text environ)
{
	while (environ.len) {
		struct text entry = next_variable(&environ);

		if (text_starts(entry, "LIBIPQ_QUEUE=") ||
		    text_starts(entry, "LIBIPQ_QUEUE6="))
			return true;
	}
	return false;
}
