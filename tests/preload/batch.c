/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH for programs that use the socket themselves, in each way of reading. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "queue.h"

TestSuite(batch, .timeout = 60);

static void serve(const char *way, int count)
{
	int heard = queued_port(AF_INET);
	struct child c;
	char text[16];

	setenv("LIBIPQ_BATCH", "64", 1);
	snprintf(text, sizeof(text), "%d", count);
	child_ready(&c, "batch", way, text);
	for (int i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%d", i);
		udp_say(AF_INET, HEARD, text);
	}
	child_tell(&c, "go");
	child_says(&c, "done");
	child_ends_well(&c);
	for (int i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%d", i);
		udp_expect(heard, text);
	}
	close(heard);
}

Test(batch, every_way_of_reading_gives_all_packets_in_order)
{
	static const char *const ways[] = { "recv", "peek", "parts", "recvmmsg" };

	for (int i = 0; i < 4; i++) {
		serve(ways[i], 1);
		serve(ways[i], 5);
		serve(ways[i], 150);
	}
}

/* The other process may keep what it has read, and decide on it later. */
Test(batch, what_another_process_has_read_is_not_decided_with_the_rest)
{
	struct queue_figures f;
	struct child c;

	for (int round = 0; round < 3; round++) {
		int heard = queued_port(AF_INET);

		setenv("LIBIPQ_BATCH", "64", 1);
		child_ready(&c, "batch-passed");
		for (int i = 0; i < 300; i++)
			udp_say(AF_INET, HEARD, "hello");
		child_tell(&c, "go");
		child_says(&c, "done");
		cr_assert(queue_figures(0, &f) && f.waiting >= 1 && f.waiting <= 64,
			  "%u wait", f.waiting);
		child_tell(&c, "go");
		child_ends_well(&c);
		close(heard);
	}
}

/* Each program accepts 110 packets, and some of them one more. */
Test(batch, what_is_decided_goes_out_and_what_is_held_is_gone_however_it_is_closed)
{
	static const struct {
		const char *name;
		int count;
	} ways[] = {
		{ "close", 110 }, { "dup2", 110 }, { "dup3", 110 },
#ifdef CLOSE_RANGE_UNSHARE
		{ "close_range", 110 }, { "closefrom", 110 }, { "unsharing", 111 },
#endif
		{ "child", 111 }, { "not-yet", 111 },
	};

	setenv("LIBIPQ_BATCH", "64", 1);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int heard = queued_port(AF_INET);
		char text[16];
		struct child c;

		child_ready(&c, "batch-closes", ways[i].name);
		for (int n = 0; n < 180; n++)
			udp_say(AF_INET, HEARD, "hello");
		child_tell(&c, "go");
		child_says(&c, "done");
		for (int n = 0; n < ways[i].count; n++)
			cr_assert(udp_hear(heard, text, sizeof(text), 1000) == 5,
				  "%s: only %d come", ways[i].name, n);
		cr_assert(udp_hear(heard, text, sizeof(text), 10) == -1, "%s",
			  ways[i].name);
		child_ends_well(&c);
		close(heard);
	}
}
