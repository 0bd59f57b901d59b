/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: what it saves, and ids with gaps, where packets were lost or were the
 * other family's (batch_*.c go on). */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"
#include "pair.h"
#include "trace.h"

TestSuite(batch, .timeout = 60);

#define MANY 1000

static unsigned char plan[MANY];
static struct got got[MANY];

/* A program that is interrupted has its verdicts sent one by one for a while. */
#define ATTEMPTS 30

static struct ipq_handle *open_batched(uint8_t mode)
{
	setenv("LIBIPQ_BATCH", "64", 1);
	return queue_open(PF_INET, mode, 0);
}

/* The first 64 verdicts are not held; then there are three calls for 64 packets. */
Test(batch, a_thousand_packets_that_wait_take_few_system_calls)
{
	struct ipq_handle *h;
	int calls = MANY;

	numbers_network();
	h = open_batched(IPQ_COPY_PACKET);
	memset(plan, DROP, sizeof(plan));
	for (int i = 0; i < ATTEMPTS && calls >= 64 + 80; i++) {
		struct trace t;
		int count;

		numbers_send(0, MANY);
		count = numbers_waiting();
		t = trace_begin();
		numbers_decide(h, count, plan, got);
		trace_end(&t);
		calls = trace_count(&t, "") + MANY - count;
		cr_assert(numbers_waiting() == 0);
	}
	cr_assert(calls < 64 + 80, "%d calls", calls);
	ipq_destroy_handle(h);
}

static void pass_one(struct ipq_handle *h, int fd)
{
	union message m;

	cr_assert(udp_send(fd, "127.0.0.1", 9, "hello", 5) == 5);
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), 0) > 0);
	ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, NF_DROP, 0, NULL);
}

/* That is, no more than without. */
Test(batch, one_packet_at_a_time_takes_two_system_calls)
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

/* What does not fit the buffer is lost, and its id with it: it is waited for in vain,
 * but a packet that is left is not mistaken for it. */
Test(batch, packets_are_left_among_others_that_were_lost)
{
	struct ipq_handle *h;
	int count, room;

	numbers_network();
	setenv("LIBIPQ_RCVBUF", "100000", 1);
	h = open_batched(IPQ_COPY_PACKET);
	for (int round = 0; round < 12; round++) {
		memset(plan, round % 2 ? DROP : ACCEPT, sizeof(plan));
		numbers_send(0, 400);
		room = numbers_waiting();
		cr_assert(room > 100 && room < 300, "room for %d", room);
		/* before the gap, and after: what is read makes room */
		plan[round] = plan[room - 2] = plan[room - 1] = LEAVE;
		plan[room + round % 3] = plan[room + 20] = LEAVE;
		numbers_decide(h, 30, plan, got);
		numbers_send(400, 300);
		count = 30 + numbers_waiting() - (round < 30);
		cr_assert(count > room + 30, "%d", count);
		numbers_decide(h, count - 30, plan + 30, got + 30);
		cr_assert(got[room].number >= 400 && got[room - 1].number < 400);
		numbers_release(h, count, plan, got);
	}
	ipq_destroy_handle(h);
}

/* Sends count numbered packets, every so many of them one of IPv6. */
static void send_both(int count, int every)
{
	int fd = udp_open(AF_INET6, 0);

	for (int i = 0; i < count; i++) {
		numbers_send(i, 1);
		if (i % every == 0)
			cr_assert(udp_send(fd, "::1", 9, &i, sizeof(i)) == sizeof(i));
	}
	close(fd);
}

Test(batch, packets_are_left_among_others_that_are_moved_to_the_other_family)
{
	struct ipq_handle *h, *other;

	numbers_network();
	run("ip6tables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	h = open_batched(IPQ_COPY_PACKET);
	other = queue_open(PF_INET6, IPQ_COPY_PACKET, 0);
	for (int every = 1; every < 100; every *= 3) {
		struct got moved[256];
		unsigned char drop[256];

		memset(plan, every % 2 ? DROP : ACCEPT, sizeof(plan));
		memset(drop, DROP, sizeof(drop));
		plan[0] = plan[100] = plan[128] = plan[190] = plan[255] = LEAVE;
		send_both(256, every);
		numbers_decide(h, 256, plan, got);
		numbers_decide(other, (256 + every - 1) / every, drop, moved);
		for (int i = 0; i < 256; i += every)
			cr_assert(moved[i / every].number == i);
		cr_assert(numbers_silent(other));
		numbers_release(h, 256, plan, got);
	}
	ipq_destroy_handle(other);
	ipq_destroy_handle(h);
}

#define STREAM 5000

static pid_t start_stream(int i)
{
	pid_t pid = fork();
	int fd;

	cr_assert(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(pair[0]->fd);
	close(pair[1]->fd);
	fd = udp_open(pair_family(i), 0);
	for (int n = 0; n < STREAM; n++)
		if (udp_send(fd, i ? "::1" : "127.0.0.1", 9, &n, sizeof(n)) != sizeof(n))
			_exit(1);
	_exit(0);
}

/* Whoever holds the number moves the packets of the other. */
static void expect_streams(int first)
{
	int next[2] = { 0, 0 }, status;
	pid_t sender[2];

	setenv("LIBIPQ_BATCH", "64", 1);
	pair_network("QUEUE");
	pair_open(first);
	for (int i = 0; i < 2; i++)
		sender[i] = start_stream(i);
	while (next[0] + next[1] < 2 * STREAM) {
		int i;
		ipq_packet_msg_t *p = pair_any(&i);

		cr_assert(number_of(p) == next[i], "IPv%d: %d and not %d", i ? 6 : 4,
			  number_of(p), next[i]);
		next[i]++;
		ipq_set_verdict(pair[i], p->packet_id, NF_DROP, 0, NULL);
	}
	for (int i = 0; i < 2; i++)
		cr_assert(waitpid(sender[i], &status, 0) == sender[i] && status == 0);
	cr_assert(pair_silent());
	pair_close_both();
}

Test(batch, streams_of_both_families_come_whole_and_in_order)
{
	expect_streams(0);
	expect_streams(1);
}
