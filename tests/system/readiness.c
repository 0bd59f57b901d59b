/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The descriptor is readable exactly if ipq_read has a message: programs wait in select
 * or poll, and then read without a timeout (FACTS 4). */
#include <poll.h>
#include <signal.h>

#include <criterion/criterion.h>

#include "network.h"
#include "process.h"
#include "queue.h"

TestSuite(readiness, .timeout = 60);

static bool readable(const struct ipq_handle *h, int wait)
{
	struct pollfd fd = { .fd = h->fd, .events = POLLIN };

	return poll(&fd, 1, wait) == 1;
}

/* There must be n messages; the descriptor must be readable before each and not
 * after the last. */
static void expect_messages(struct ipq_handle *h, int n)
{
	union message m;

	for (int i = 0; i < n; i++) {
		cr_assert(readable(h, 0), "message %d of %d", i, n);
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), -1) > 0,
			  "readable, but there is no message %d of %d", i, n);
	}
	cr_assert(!readable(h, NOTHING / 1000), "readable after the last message");
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), -1) == 0);
}

static struct ipq_handle *queue_port_9(void)
{
	run("iptables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	return queue_open(PF_INET, IPQ_COPY_META, 0);
}

Test(readiness, creating_and_good_requests_make_nothing_to_read)
{
	struct ipq_handle *h;
	union message m;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	expect_messages(h, 0);
	for (int mode = IPQ_COPY_NONE; mode <= IPQ_COPY_MAX; mode++)
		ipq_set_mode(h, mode, 0);
	expect_messages(h, 0);
	run("iptables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	udp_say(AF_INET, 9, "hello");
	ipq_set_verdict(h, queue_packet(h, &m)->packet_id, NF_ACCEPT, 0, NULL);
	expect_messages(h, 0);
	ipq_destroy_handle(h);
}

Test(readiness, a_packet_is_one_message)
{
	struct ipq_handle *h;

	network_enter();
	h = queue_port_9();
	udp_say(AF_INET, 9, "one");
	expect_messages(h, 1);
	udp_say(AF_INET, 9, "two");
	udp_say(AF_INET, 9, "three");
	expect_messages(h, 2);
	ipq_destroy_handle(h);
}

Test(readiness, a_refused_request_is_one_message)
{
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	ipq_set_mode(h, 3, 0);
	expect_messages(h, 1);
	ipq_set_mode(h, 255, 0);
	expect_messages(h, 1);
	ipq_set_verdict(h, 77, NF_ACCEPT, 0, NULL);
	expect_messages(h, 1);
	ipq_set_verdict(h, 77, NF_STOLEN, 0, NULL);
	ipq_set_verdict(h, 77, 0xffffffff, 0, NULL);
	expect_messages(h, 2);
	ipq_destroy_handle(h);
}

Test(readiness, a_first_verdict_refused_is_one_message)
{
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	ipq_set_verdict(h, 77, NF_ACCEPT, 0, NULL);
	expect_messages(h, 1);
	ipq_destroy_handle(h);
}

static long own_queue(long unused)
{
	(void)unused;
	return ipq_set_mode(ipq_create_handle(0, PF_INET), IPQ_COPY_META, 0);
}

Test(readiness, a_request_refused_for_another_owner_is_one_message)
{
	struct ipq_handle *h;
	struct process owner;

	network_enter();
	owner = process_start();
	cr_assert(process_do(&owner, own_queue, 0) > 0);
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	for (int mode = IPQ_COPY_NONE; mode <= IPQ_COPY_MAX + 1; mode++) {
		ipq_set_mode(h, mode, 0);
		expect_messages(h, 1);
	}
	ipq_set_verdict(h, 77, NF_ACCEPT, 0, NULL);
	ipq_set_verdict(h, 77, NF_STOLEN, 0, NULL);
	expect_messages(h, 2);
	process_end(&owner);
	ipq_destroy_handle(h);
}

/* The part of the message that did not fit is lost. */
Test(readiness, a_truncated_message_leaves_nothing)
{
	struct ipq_handle *h;
	unsigned char buf[20];

	network_enter();
	h = queue_port_9();
	udp_say(AF_INET, 9, "hello");
	cr_assert(ipq_read(h, buf, sizeof(buf) - 1, -1) == -1);
	cr_assert(readable(h, 0), "a refused buffer has taken the message");
	cr_assert(ipq_read(h, buf, sizeof(buf), -1) == -1);
	expect_messages(h, 0);
	ipq_destroy_handle(h);
}

#define ROUNDS 2000

static long send_rounds(long unused)
{
	int fd = udp_open(AF_INET, 0);

	(void)unused;
	if (fork() == 0) {
		for (int i = 0; i < ROUNDS; i++)
			if (udp_send(fd, "127.0.0.1", 9, &i, sizeof(i)) < 0)
				break;
		_exit(0);
	}
	close(fd);
	return 0;
}

/* If there were nothing to read, the read would wait for ever, and the test would fail
 * by its timeout. */
Test(readiness, a_program_that_polls_first_never_waits_in_the_read)
{
	int packets = 0, errors = 0, requests = 0;
	struct process sender;
	struct ipq_handle *h;
	union message m;

	network_enter();
	sender = process_start();
	h = queue_port_9();
	process_do(&sender, send_rounds, 0);
	while (packets < ROUNDS || errors < requests) {
		cr_assert(readable(h, DEADLINE), "%d packets, %d of %d errors", packets,
			  errors, requests);
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), 0) > 0);
		if (ipq_message_type(m.buf) == NLMSG_ERROR) {
			errors++;
			continue;
		}
		packets++;
		ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, NF_ACCEPT, 0, NULL);
		if (packets % 10 == 0 && ++requests)
			ipq_set_mode(h, 3 + packets % 200, 0);
	}
	cr_assert(errors == ROUNDS / 10);
	expect_messages(h, 0);
	process_end(&sender);
	ipq_destroy_handle(h);
}
