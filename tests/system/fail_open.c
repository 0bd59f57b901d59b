/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_FAIL_OPEN: packets that find the queue full pass, instead of being dropped. */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "kernel.h"
#include "network.h"
#include "pair.h"

TestSuite(fail_open, .timeout = 60);

static const char *const text[] = { "1", "2", "3", "4", "5" };

static void expect_silence(int i)
{
	char late[16];

	cr_assert(udp_hear(pair_heard[i], late, sizeof(late), 0) < 0, "\"%s\"", late);
}

/* Sends five packets to a queue with room for two. */
static struct queue_figures overfill(int i)
{
	struct queue_figures f;

	for (int n = 0; n < 5; n++)
		pair_say(i, text[n]);
	cr_assert(queue_figures(pair_is_moved() ? pair_private(i) : 0, &f));
	cr_assert(f.waiting == 2);
	return f;
}

Test(fail_open, off_by_default_what_does_not_fit_is_dropped_and_counted)
{
	static const char *const off[] = { NULL, "0" };
	uint64_t dropped;

	NOT_CARRIED(CARRIED_HAS_NO_CTL);
	for (int n = 0; n < 2; n++) {
		pair_network("QUEUE");
		setenv("LIBIPQ_MAXLEN", "2", 1);
		if (off[n])
			setenv("LIBIPQ_FAIL_OPEN", off[n], 1);
		pair_make(0);
		pair_start(0);
		cr_assert(overfill(0).dropped_full == 3);
		cr_assert(!ipq_ctl(pair[0], IPQ_CTL_GET_DROPPED, &dropped) && dropped == 3);
		pair_expect(0, "1");
		pair_expect(0, "2");
		expect_silence(0);
		pair_close(0);
	}
}

Test(fail_open, with_fail_open_packets_beyond_the_queue_length_pass_uncounted)
{
	NEEDS_KERNEL(3, 6, "LIBIPQ_FAIL_OPEN");
	for (int i = 0; i < 2; i++) {
		pair_network("QUEUE");
		setenv("LIBIPQ_MAXLEN", "2", 1);
		setenv("LIBIPQ_FAIL_OPEN", "1", 1);
		pair_make(i);
		pair_start(i);
		cr_assert(overfill(i).dropped_full == 0);
		for (int n = 2; n < 5; n++)
			udp_expect(pair_heard[i], text[n]);
		expect_silence(i);
		pair_expect(i, "1");
		pair_expect(i, "2");
		pair_pass(i, "there is room again");
		pair_close(i);
	}
}

Test(fail_open, ipq_ctl_can_set_fail_open)
{
	NEEDS_KERNEL(3, 6, "LIBIPQ_FAIL_OPEN");
	NOT_CARRIED(CARRIED_HAS_NO_CTL);
	pair_network("QUEUE");
	pair_make(0);
	cr_assert(ipq_ctl(pair[0], IPQ_CTL_SET_MAXLEN, 2) == 0);
	cr_assert(ipq_ctl(pair[0], IPQ_CTL_SET_FAIL_OPEN, 1) == 0);
	pair_start(0);
	overfill(0);
	udp_expect(pair_heard[0], "3");
	pair_close(0);
}

#if __SIZEOF_LONG__ > 4
Test(fail_open, fail_open_is_for_all_numbers_of_a_range)
{
	NEEDS_KERNEL(3, 6, "LIBIPQ_FAIL_OPEN");
	network_enter();
	setenv("LIBIPQ_QUEUE", "4-7", 1);
	setenv("LIBIPQ_MAXLEN", "1", 1);
	setenv("LIBIPQ_FAIL_OPEN", "1", 1);
	pair_make(0);
	pair_start(0);
	for (int n = 4; n < 8; n++) {
		int heard = udp_open(AF_INET, 5000 + n);

		run("iptables-legacy -A OUTPUT -p udp --dport 500%d -j NFQUEUE --queue-num %d",
		    n, n);
		udp_say(AF_INET, 5000 + n, "waits");
		udp_say(AF_INET, 5000 + n, "passes");
		udp_expect(heard, "passes");
		close(heard);
	}
	pair_close(0);
}
#endif

/* Each of the two has its own private queue. */
Test(fail_open, fail_open_is_for_the_other_family_on_the_same_number_as_well)
{
	NEEDS_KERNEL(3, 6, "LIBIPQ_FAIL_OPEN");
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		setenv("LIBIPQ_MAXLEN", "2", 1);
		setenv("LIBIPQ_FAIL_OPEN", "1", 1);
		pair_open(first);
		overfill(!first);
		for (int n = 2; n < 5; n++)
			udp_expect(pair_heard[!first], text[n]);
		pair_expect(!first, "1");
		pair_expect(!first, "2");
		pair_pass(first, "has room");
		cr_assert(pair_silent());
		pair_close_both();
	}
}

/* This includes packets that wait for a verdict after they were moved. */
Test(fail_open, fail_open_is_for_what_is_moved_to_a_full_queue)
{
	NEEDS_KERNEL(3, 6, "LIBIPQ_FAIL_OPEN");
	pair_network("QUEUE");
	setenv("LIBIPQ_MAXLEN", "2", 1);
	setenv("LIBIPQ_FAIL_OPEN", "1", 1);
	pair_open(0);
	for (int n = 0; n < 5; n++) {
		ipq_packet_msg_t *p;

		pair_say(1, text[n]);
		if (n >= 2) {
			udp_expect(pair_heard[1], text[n]);
			continue;
		}
		p = pair_packet(1, text[n]);
		cr_assert(p->packet_id);
	}
	pair_close_both();
}
