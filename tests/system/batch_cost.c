/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: what it saves, and that it costs nothing where it
 * cannot save anything. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"
#include "trace.h"

TestSuite(batch_cost, .timeout = 60);

#define MANY 400

static unsigned char plan[MANY];
static struct got got[MANY];

static struct ipq_handle *open_batched(uint8_t mode)
{
	setenv("LIBIPQ_BATCH", "64", 1);
	return queue_open(PF_INET, mode, 0);
}

/* The first 64 verdicts are sent one by one; after that, 64 packets take three system calls:
 * their receipt, whether more wait, and the verdicts together. Now and then there is a
 * measurement (pace.c), and at the end packets are few. If the program is interrupted, it
 * begins anew, and so does the test. */
#define ATTEMPTS 10

static int few(int count)
{
	return 64 + count / 10;
}

Test(batch_cost, packets_that_wait_take_few_system_calls)
{
	int count, calls, attempts = 0;
	struct ipq_handle *h;
	struct trace t;

	numbers_network();
	h = open_batched(IPQ_COPY_PACKET);
	memset(plan, DROP, sizeof(plan));
	do {
		numbers_send(0, MANY);
		count = numbers_waiting();	/* fewer if the user is not root */
		t = trace_begin();
		numbers_decide(h, count, plan, got);
		trace_end(&t);
		calls = trace_count(&t, "");
		cr_assert(numbers_waiting() == 0);
	} while (calls > few(count) && ++attempts < ATTEMPTS);
	cr_assert(calls <= few(count), "%d calls for %d packets", calls, count);
	ipq_destroy_handle(h);
}

/* The descriptor is readable by them. */
Test(batch_cost, no_mark_is_sent_while_more_packets_wait)
{
	struct ipq_handle *h;
	struct trace t;
	int count;

	numbers_network();
	h = open_batched(IPQ_COPY_PACKET);
	numbers_send(0, MANY);
	count = numbers_waiting();
	memset(plan, LEAVE, sizeof(plan));
	t = trace_begin();
	numbers_decide(h, count - 1, plan, got);
	trace_end(&t);
	cr_assert(trace_count(&t, "send") <= 1, "%d marks", trace_count(&t, "send"));
	ipq_destroy_handle(h);
}

/* The first is received singly, the others together; one system call makes the socket
 * readable while they are held, and one sees that no more have come. */
Test(batch_cost, a_few_packets_at_a_time_take_four_system_calls_to_be_received)
{
	int calls, rounds = 100, few = 9;
	struct ipq_handle *h;
	struct trace t;

	numbers_network();
	h = open_batched(IPQ_COPY_PACKET);
	memset(plan, LEAVE, sizeof(plan));
	numbers_send(0, few);
	numbers_decide(h, few, plan, got);
	t = trace_begin();
	for (int i = 0; i < rounds; i++) {
		numbers_send(i * few, few);
		numbers_decide(h, few, plan, got);
	}
	trace_end(&t);
	calls = trace_count(&t, "recv") + trace_count(&t, "send") +
		trace_count(&t, "getsockopt") + trace_count(&t, "poll") - rounds * few;
	cr_assert(calls <= 5 * rounds, "%d calls for %d times %d packets", calls, rounds, few);
	ipq_destroy_handle(h);
}

static void pass_one(struct ipq_handle *h, int fd)
{
	union message m;

	cr_assert(udp_send(fd, "127.0.0.1", 9, "hello", 5) == 5);
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), 0) > 0);
	ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, NF_DROP, 0, NULL);
}

/* The same as without batches. */
Test(batch_cost, a_single_packet_at_a_time_takes_two_system_calls)
{
	int fd, calls, count = 500;
	struct ipq_handle *h;
	struct trace t;

	numbers_network();
	h = open_batched(IPQ_COPY_META);
	fd = udp_open(AF_INET, 0);
	for (int i = 0; i < 100; i++)
		pass_one(h, fd);
	t = trace_begin();
	for (int i = 0; i < count; i++)
		pass_one(h, fd);
	trace_end(&t);
	calls = trace_count(&t, "recv") + trace_count(&t, "send") - count;
	cr_assert(calls >= 2 * count && calls <= 2 * count * 103 / 100, "%d calls", calls);
	ipq_destroy_handle(h);
}
