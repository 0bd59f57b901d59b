/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq_ctl: settings of one handle, before it sets a mode; and its counters (FACTS 1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "network.h"
#include "pair.h"
#include "peer.h"
#include "process.h"

TestSuite(ctl, .timeout = 60);

static const struct setting {
	int set, get;
	const char *variable;
	unsigned int value, other, impossible;
} settings[] = {
	{ IPQ_CTL_SET_MAXLEN, IPQ_CTL_GET_MAXLEN, "LIBIPQ_MAXLEN", 5, 4294967295, 0 },
	{ IPQ_CTL_SET_RCVBUF, IPQ_CTL_GET_RCVBUF, "LIBIPQ_RCVBUF", 10000, 1, 1073741824 },
	{ IPQ_CTL_SET_FAIL_OPEN, IPQ_CTL_GET_FAIL_OPEN, "LIBIPQ_FAIL_OPEN", 1, 0, 2 },
	{ IPQ_CTL_SET_GSO, IPQ_CTL_GET_GSO, "LIBIPQ_GSO", 1, 0, 2 },
	{ IPQ_CTL_SET_BATCH, IPQ_CTL_GET_BATCH, "LIBIPQ_BATCH", 32, 1024, 1025 },
	{ IPQ_CTL_SET_TRUNCATED, IPQ_CTL_GET_TRUNCATED, "LIBIPQ_TRUNCATED",
	  IPQ_TRUNCATED_ACCEPT, IPQ_TRUNCATED_DROP, 3 },
};

#define COUNT (sizeof(settings) / sizeof(settings[0]))

static unsigned int value(int get)
{
	unsigned int value = 77;

	cr_assert(ipq_ctl(pair[0], get, &value) == 0);
	return value;
}

static void expect_numbers(unsigned int first, unsigned int last)
{
	unsigned int got[2] = { 77, 77 };

	cr_assert(ipq_ctl(pair[0], IPQ_CTL_GET_QUEUE, &got[0], &got[1]) == 0);
	cr_assert(got[0] == first && got[1] == last, "%u to %u", got[0], got[1]);
}

static void expect_error(int result, int error)
{
	cr_assert(result == -1 && errno == error, "%d, errno %d", result, errno);
	cr_assert_str_eq(ipq_errstr(), "Operation not supported");
}

Test(ctl, tells_what_the_environment_has_set)
{
	char text[16];

	network_enter();
	unsetenv("LIBIPQ_BATCH");
	pair_make(0);
	expect_numbers(0, 0);
	cr_assert(value(IPQ_CTL_GET_MAXLEN) == 1024 && value(IPQ_CTL_GET_RCVBUF) == 0);
	cr_assert(!value(IPQ_CTL_GET_FAIL_OPEN) && !value(IPQ_CTL_GET_GSO));
	cr_assert(value(IPQ_CTL_GET_BATCH) == 1);
	pair_close(0);
	for (size_t i = 0; i < COUNT; i++) {
		snprintf(text, sizeof(text), "%u", settings[i].value);
		setenv(settings[i].variable, settings[i].set == IPQ_CTL_SET_TRUNCATED ?
		       "accept" : text, 1);
	}
	setenv("LIBIPQ_QUEUE", "65535", 1);
	pair_make(0);
	expect_numbers(65535, 65535);
	for (size_t i = 0; i < COUNT; i++)
		cr_assert(value(settings[i].get) == settings[i].value);
	pair_close(0);
}

Test(ctl, values_that_are_set_are_told)
{
	network_enter();
	pair_make(0);
	errno = ENOTTY;
	for (size_t i = 0; i < COUNT; i++) {
		cr_assert(ipq_ctl(pair[0], settings[i].set, settings[i].value) == 0);
		cr_assert(value(settings[i].get) == settings[i].value);
		cr_assert(ipq_ctl(pair[0], settings[i].set, settings[i].other) == 0);
		cr_assert(value(settings[i].get) == settings[i].other);
	}
	cr_assert(ipq_ctl(pair[0], IPQ_CTL_SET_QUEUE, 65535, 65535) == 0);
	expect_numbers(65535, 65535);
	cr_assert(errno == ENOTTY);
	cr_assert_str_eq(ipq_errstr(), "Unknown error");
	pair_close(0);
}

Test(ctl, a_queue_it_has_set_is_where_packets_come_from)
{
	pair_network("NFQUEUE --queue-num 7");
	pair_make(0);
	cr_assert(ipq_ctl(pair[0], IPQ_CTL_SET_QUEUE, 7, 7) == 0);
	pair_start(0);
	pair_pass(0, "hello");
	pair_close(0);
}

Test(ctl, several_queue_numbers_are_set)
{
	struct queue_figures f;
	int result;

	pair_network("NFQUEUE --queue-num 7");
	pair_make(0);
	result = ipq_ctl(pair[0], IPQ_CTL_SET_QUEUE, 4, 7);
	if (sizeof(long) == 4) {
		expect_error(result, EINVAL);
		return;
	}
	cr_assert(result == 0);
	expect_numbers(4, 7);
	pair_start(0);
	cr_assert(queue_figures(4, &f) && queue_figures(7, &f));
	pair_say(0, "hello");
	cr_assert((uint64_t)pair_packet(0, "hello")->packet_id >> 32 == 7);
	pair_close(0);
}

#if __SIZEOF_LONG__ > 4
Test(ctl, more_numbers_are_set_but_none_that_another_handle_has)
{
	struct queue_figures f;
	struct ipq_handle *other;

	network_enter();
	setenv("LIBIPQ_QUEUE", "4", 1);
	pair_make(0);
	setenv("LIBIPQ_QUEUE", "6", 1);
	other = ipq_create_handle(0, PF_INET);
	cr_assert(other);
	expect_error(ipq_ctl(pair[0], IPQ_CTL_SET_QUEUE, 4, 7), EADDRINUSE);
	expect_numbers(4, 4);
	cr_assert(ipq_ctl(pair[0], IPQ_CTL_SET_QUEUE, 4, 5) == 0);
	expect_numbers(4, 5);
	pair_start(0);
	cr_assert(queue_figures(4, &f) && queue_figures(5, &f) && !queue_figures(6, &f));
	pair_close(0);
	ipq_destroy_handle(other);
}
#endif

/* Then the handles of the two families have different numbers, and need not share one. */
Test(ctl, a_queue_is_set_for_one_handle_alone)
{
	struct queue_figures f;

	pair_network("QUEUE");
	run("ip6tables-legacy -F OUTPUT && "
	    "ip6tables-legacy -A OUTPUT -p udp --dport 9 -j NFQUEUE --queue-num 6");
	pair_make(0);
	pair_make(1);
	cr_assert(ipq_ctl(pair[1], IPQ_CTL_SET_QUEUE, 6, 6) == 0);
	expect_numbers(0, 0);
	pair_start(0);
	pair_start(1);
	cr_assert(queue_figures(6, &f) && !pair_private(0) && !pair_private(1));
	pair_pass(0, "four");
	pair_pass(1, "six");
	pair_close_both();
}

Test(ctl, maxlen_it_has_set_is_how_many_may_wait)
{
	struct queue_figures f;

	pair_network("QUEUE");
	pair_make(0);
	ipq_ctl(pair[0], IPQ_CTL_SET_MAXLEN, 2);
	pair_start(0);
	for (int n = 0; n < 5; n++)
		pair_say(0, "hello");
	cr_assert(queue_figures(0, &f) && f.waiting == 2 && f.dropped_full == 3);
	pair_close(0);
}

Test(ctl, rcvbuf_it_has_set_is_the_receive_buffer)
{
	socklen_t len = sizeof(int);
	int bytes = 0;

	network_enter();
	pair_make(0);
	ipq_ctl(pair[0], IPQ_CTL_SET_RCVBUF, 10000);
	pair_start(0);
	cr_assert(!getsockopt(pair[0]->fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len));
	cr_assert(bytes == 2 * 10000);
	pair_close(0);
}

Test(ctl, values_that_cannot_be_are_refused_and_change_nothing)
{
	static const unsigned int numbers[][2] = {
		{ 65536, 65536 }, { 65535, 65536 }, { 7, 4 }, { 0, 256 }, { 4294967295, 0 },
	};

	network_enter();
	pair_make(0);
	for (size_t i = 0; i < COUNT; i++) {
		unsigned int before = value(settings[i].get);

		if (settings[i].impossible)
			expect_error(ipq_ctl(pair[0], settings[i].set, settings[i].impossible),
				     EINVAL);
		cr_assert(value(settings[i].get) == before);
	}
	expect_error(ipq_ctl(pair[0], IPQ_CTL_SET_RCVBUF, 0), EINVAL);
	expect_error(ipq_ctl(pair[0], IPQ_CTL_SET_BATCH, 0), EINVAL);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		expect_error(ipq_ctl(pair[0], IPQ_CTL_SET_QUEUE, numbers[i][0], numbers[i][1]),
			     EINVAL);
	expect_numbers(0, 0);
	pair_close(0);
}

Test(ctl, after_the_first_request_nothing_can_be_set)
{
	network_enter();
	pair_make(0);
	/* the first request need not succeed */
	ipq_set_verdict(pair[0], 1, NF_ACCEPT, 0, NULL);
	cr_assert(queue_error(pair[0]) == ENOENT);
	for (size_t i = 0; i < COUNT; i++) {
		unsigned int before = value(settings[i].get);

		expect_error(ipq_ctl(pair[0], settings[i].set, settings[i].value), EBUSY);
		cr_assert(value(settings[i].get) == before);
	}
	expect_error(ipq_ctl(pair[0], IPQ_CTL_SET_QUEUE, 7, 7), EBUSY);
	expect_numbers(0, 0);
	pair_close(0);
}

Test(ctl, after_one_that_was_refused_another_queue_can_be_tried)
{
	struct process other;

	pair_network("NFQUEUE --queue-num 7");
	other = process_start();
	cr_assert(process_do(&other, peer_open, PF_INET));
	cr_assert(process_do(&other, peer_mode, IPQ_COPY_META) == MODE_SENT);
	pair_make(0);
	pair_start(0);
	cr_assert(queue_error(pair[0]) == EBUSY);
	cr_assert(ipq_ctl(pair[0], IPQ_CTL_SET_QUEUE, 7, 7) == 0);
	pair_start(0);
	pair_pass(0, "hello");
	pair_close(0);
	process_end(&other);
}

Test(ctl, a_request_it_does_not_know_is_answered_1)
{
	static const int unknown[] = { 0, -1, 1, 0xfff, 0xfffff000, 0x10ff, 0x1103, 0x7fffffff };

	network_enter();
	pair_make(0);
	errno = ENOTTY;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		cr_assert(ipq_ctl(pair[0], unknown[i], NULL, NULL) == 1, "%#x", unknown[i]);
	cr_assert(errno == ENOTTY);
	cr_assert_str_eq(ipq_errstr(), "Unknown error");
	pair_close(0);
}

static void expect_counts(int i, uint64_t delivered, uint64_t foreign, uint64_t dropped)
{
	uint64_t got[3] = { 77, 77, 77 };

	for (int n = 0; n < 3; n++)
		cr_assert(ipq_ctl(pair[i], IPQ_CTL_GET_DELIVERED + n, &got[n]) == 0);
	cr_assert(got[0] == delivered && got[1] == foreign && got[2] == dropped,
		  "IPv%d: %lu delivered, %lu foreign, %lu dropped", i ? 6 : 4,
		  (unsigned long)got[0], (unsigned long)got[1], (unsigned long)got[2]);
}

Test(ctl, counters_tell_what_was_delivered_passed_over_and_dropped)
{
	union message m;

	pair_network("QUEUE");
	pair_make(0);
	pair_make(1);
	ipq_ctl(pair[0], IPQ_CTL_SET_MAXLEN, 5);
	expect_counts(0, 0, 0, 0);
	pair_start(0);
	pair_start(1);
	expect_counts(0, 0, 0, 0);
	for (int n = 0; n < 3; n++)
		pair_pass(0, "four");
	for (int n = 0; n < 2; n++)
		pair_pass(1, "six");
	expect_counts(0, 3, 0, 0);
	expect_counts(1, 2, 0, 0);

	/* MSG_PEEK does not count as delivered; a refusal is no packet */
	pair_say(0, "four");
	cr_assert(recv(pair[0]->fd, &m, 1, MSG_PEEK) == 1);
	ipq_set_verdict(pair[0], 4711, NF_ACCEPT, 0, NULL);
	expect_counts(0, 3, 0, 0);
	pair_expect(0, "four");
	cr_assert(queue_error(pair[0]) == ENOENT);
	expect_counts(0, 4, 0, 0);

	/* a full queue; a new handle counts from 0 */
	for (int n = 0; n < 9; n++)
		pair_say(0, "many");
	expect_counts(0, 4, 0, 4);
	pair_close(0);
	pair_make(0);
	expect_counts(0, 0, 0, 0);
	expect_counts(1, 2, 0, 0);
	pair_close_both();
}

Test(ctl, a_handles_own_packets_are_not_counted_as_the_others)
{
	pair_network("QUEUE");
	pair_open(0);
	pair_pass(1, "moved by the other");
	pair_close(0);
	pair_pass(1, "moved by itself");
	pair_pass(1, "moved by itself");
	expect_counts(1, 3, 0, 0);
	pair_close(1);
}

/* It is counted once, even if its handle was destroyed only just before. */
Test(ctl, a_packet_that_nobody_takes_counts_once)
{
	pair_network("QUEUE");
	pair_make(1);
	pair_start(1);
	pair_close(1);
	pair_make(0);
	pair_start(0);
	for (int n = 1; n < 4; n++) {
		pair_say(1, "dropped");
		cr_assert(pair_silent());
		expect_counts(0, 0, n, 0);
	}
	pair_close(0);
}

Test(ctl, drops_are_those_of_all_numbers_for_queue_and_buffer)
{
	uint64_t dropped;

	network_enter();
	run("for n in 4 5 6 7; do "
	    "iptables-legacy -A OUTPUT -p udp --dport 500$n -j NFQUEUE --queue-num $n; done");
	pair_make(0);
	cr_assert(ipq_ctl(pair[0], IPQ_CTL_SET_QUEUE, sizeof(long) == 4 ? 7 : 4, 7) == 0);
	ipq_ctl(pair[0], IPQ_CTL_SET_MAXLEN, 1);
	pair_start(0);
	for (int n = 4; n < 8; n++)
		for (int times = 0; times < 3; times++)
			udp_say(AF_INET, 5000 + n, "hello");
	cr_assert(ipq_ctl(pair[0], IPQ_CTL_GET_DROPPED, &dropped) == 0);
	cr_assert(dropped == (sizeof(long) == 4 ? 2 : 8), "%lu", (unsigned long)dropped);
	pair_close(0);

	pair_make(0);
	ipq_ctl(pair[0], IPQ_CTL_SET_QUEUE, 4, 4);
	ipq_ctl(pair[0], IPQ_CTL_SET_RCVBUF, 5000);
	pair_start(0);
	for (int n = 0; n < 100; n++)
		udp_say(AF_INET, 5004, "hello");
	cr_assert(ipq_ctl(pair[0], IPQ_CTL_GET_DROPPED, &dropped) == 0);
	cr_assert(dropped > 50 && dropped < 100);
	pair_close(0);
}
