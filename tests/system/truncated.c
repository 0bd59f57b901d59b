/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_TRUNCATED: accepts or drops packets whose message is longer than the program's
 * buffer, as with many old programs, instead of the program (FACTS 4). */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "network.h"
#include "queue.h"

TestSuite(truncated, .timeout = 60);

#define ROOM 2048

static int heard;
static unsigned char buf[ROOM];
static char large[9000];

static struct ipq_handle *open_with(const char *setting)
{
	network_enter();
	heard = udp_open(AF_INET, 5000);
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
	if (setting)
		setenv("LIBIPQ_TRUNCATED", setting, 1);
	memset(large, 'x', sizeof(large) - 1);
	return queue_open(PF_INET, IPQ_COPY_PACKET, 0);
}

static void expect_small(struct ipq_handle *h, int timeout)
{
	ssize_t n;

	do
		n = ipq_read(h, buf, sizeof(buf), timeout);
	while (n == NLMSG_HDRLEN && ipq_message_type(buf) == NLMSG_NOOP);
	cr_assert(n > 0 && n <= ROOM && ipq_message_type(buf) == IPQM_PACKET, "%zd: %s", n,
		  ipq_errstr());
	cr_assert(ipq_get_packet(buf)->data_len < 100);
	cr_assert(ipq_set_verdict(h, ipq_get_packet(buf)->packet_id, NF_ACCEPT, 0, NULL) ==
		  VERDICT_SENT);
	udp_expect(heard, "small");
}

static void expect_large(void)
{
	static char text[sizeof(large)];

	cr_assert(recv(heard, text, sizeof(text), 0) == sizeof(large) - 1);
	cr_assert_str_eq(text, large);
}

static unsigned int waiting(void)
{
	struct queue_figures f;

	cr_assert(queue_figures(0, &f));
	return f.waiting;
}

Test(truncated, by_default_the_read_of_a_truncated_message_fails)
{
	for (int i = 0; i < 2; i++) {
		struct ipq_handle *h = open_with(i ? "error" : NULL);

		udp_say(AF_INET, 5000, large);
		cr_assert(ipq_read(h, buf, sizeof(buf), 0) == -1);
		cr_assert_str_eq(ipq_errstr(), "Received message truncated");
		cr_assert(waiting() == 1);
		ipq_destroy_handle(h);
	}
}

Test(truncated, with_accept_truncated_packets_pass_and_the_next_message_is_read)
{
	struct ipq_handle *h = open_with("accept");
	int timeouts[] = { 0, 1000000, -1 };

	for (int i = 0; i < 30; i++) {
		for (int n = 0; n < i % 4; n++)
			udp_say(AF_INET, 5000, large);
		udp_say(AF_INET, 5000, "small");
		errno = 0;
		if (i % 4 == 0) {
			expect_small(h, timeouts[i % 3]);
			continue;
		}
		do
			cr_assert(ipq_read(h, buf, sizeof(buf), timeouts[i % 3]) > 0, "%s",
				  ipq_errstr());
		while (ipq_message_type(buf) == NLMSG_NOOP);
		cr_assert(errno == 0 && ipq_get_packet(buf)->data_len < 100);
		ipq_set_verdict(h, ipq_get_packet(buf)->packet_id, NF_ACCEPT, 0, NULL);
		for (int n = 0; n < i % 4; n++)
			expect_large();
		udp_expect(heard, "small");
	}
	cr_assert(waiting() == 0);
	ipq_destroy_handle(h);
}

Test(truncated, with_drop_truncated_packets_are_dropped_and_the_next_is_read)
{
	struct ipq_handle *h = open_with("drop");

	for (int i = 0; i < 10; i++) {
		udp_say(AF_INET, 5000, large);
		udp_say(AF_INET, 5000, "small");
		expect_small(h, i % 2 ? 0 : 1000000);
	}
	cr_assert(waiting() == 0);
	ipq_destroy_handle(h);
}

/* The message of a packet with "small" in it fills the buffer, or has one word more. */
Test(truncated, a_message_as_long_as_the_buffer_is_not_truncated)
{
	struct ipq_handle *h = open_with("drop");
	const size_t len = NLMSG_ALIGN(sizeof(struct nlmsghdr) + sizeof(ipq_packet_msg_t) +
				       20 + 8 + strlen("small"));

	udp_say(AF_INET, 5000, "small");
	cr_assert(ipq_read(h, buf, len, 0) == (ssize_t)len, "%s", ipq_errstr());
	ipq_set_verdict(h, ipq_get_packet(buf)->packet_id, NF_ACCEPT, 0, NULL);
	udp_expect(heard, "small");
	udp_say(AF_INET, 5000, "small");
	cr_assert(ipq_read(h, buf, len - 4, 100000) <= NLMSG_HDRLEN);
	cr_assert(waiting() == 0);
	ipq_destroy_handle(h);
}

Test(truncated, a_read_that_select_had_begin_does_not_hang)
{
	struct ipq_handle *h = open_with("drop");
	struct pollfd ready = { h->fd, POLLIN, 0 };

	for (int i = 0; i < 10; i++) {
		udp_say(AF_INET, 5000, large);
		cr_assert(poll(&ready, 1, SOON / 1000) == 1);
		alarm(DEADLINE / 1000);
		cr_assert(ipq_read(h, buf, sizeof(buf), 0) == NLMSG_HDRLEN, "%s", ipq_errstr());
		alarm(0);
		cr_assert(ipq_message_type(buf) == NLMSG_NOOP);
		cr_assert(waiting() == 0);
	}
	ipq_destroy_handle(h);
}

Test(truncated, a_read_with_a_timeout_ends_as_if_it_was_over)
{
	struct ipq_handle *h = open_with("accept");

	for (int timeout = -1; timeout < SOON; timeout += SOON) {
		udp_say(AF_INET, 5000, large);
		errno = 0;
		/* a libipq that is inside the program calls select(2) first, see above */
		if (getenv("CARRIED")) {
			cr_assert(ipq_read(h, buf, sizeof(buf), timeout) == NLMSG_HDRLEN);
		} else {
			cr_assert(ipq_read(h, buf, sizeof(buf), timeout) == 0 && errno == 0);
			cr_assert_str_eq(ipq_errstr(), "Timeout");
		}
		expect_large();
	}
	ipq_destroy_handle(h);
}

/* If the id does not fit into the buffer, or the message is a refusal. */
Test(truncated, what_cannot_be_decided_on_is_an_error)
{
	struct ipq_handle *h = open_with("drop");

	udp_say(AF_INET, 5000, "small");
	/* the shortest buffer that ipq_read takes has the id of a 32-bit program in it */
	if (sizeof(ipq_id_t) > 4) {
		cr_assert(ipq_read(h, buf, 20, 0) == -1);
		cr_assert_str_eq(ipq_errstr(), "Received message truncated");
	} else {
		cr_assert(ipq_read(h, buf, sizeof(buf), 0) > 0);
	}
	cr_assert(waiting() == 1);
	ipq_set_mode(h, 77, 0);
	cr_assert(ipq_read(h, buf, 40, 0) == -1);
	cr_assert_str_eq(ipq_errstr(), "Received message truncated");
	cr_assert(waiting() == 1);
	ipq_destroy_handle(h);
}
