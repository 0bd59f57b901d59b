/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what ipqctl reads in /proc: lines about queues, and an environment. */
#include <stdio.h>

#include "fuzz.h"
#include "queue-line.h"

/* The numbers must be those that sscanf(3) reads. */
static void check_queue(const struct queue *q, struct text line)
{
	unsigned int n[8];
	char *string;

	if (memchr(line.at, '\0', line.len))
		return;
	string = strndup(line.at, line.len);
	CHECK(string && sscanf(string, "%u %u %u %u %u %u %u %u", n, n + 1, n + 2, n + 3,
			       n + 4, n + 5, n + 6, n + 7) == 8);
	CHECK(q->number == n[0] && q->port_id == n[1] && q->waiting == n[2] &&
	      q->mode == n[3] && q->range == n[4] && q->dropped_full == n[5] &&
	      q->dropped_slow == n[6] && q->last_id == n[7]);
	free(string);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = copy_of(data, size);
	struct text whole = { copy, size }, rest = whole, line;
	struct queue queue;

	while (text_line(&rest, &line)) {
		CHECK(line.at >= copy && line.at + line.len <= copy + size);
		if (queue_line(line, &queue))
			check_queue(&queue, line);
	}
	environ_maxlen(whole);
	environ_has_queue(whole);
	free(copy);
	return 0;
}
