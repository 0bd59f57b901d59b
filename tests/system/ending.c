/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPQ_CTL_END_READS: a read that waits, or the next one, returns, whenever the
 * request is made. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "network.h"
#include "process.h"
#include "queue.h"

TestSuite(ending, .timeout = 60);

static struct ipq_handle *h;
static int heard;
static atomic_int reading;

static void open_here(void)
{
	network_enter();
	heard = udp_open(AF_INET, 5000);
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
}

static long end_reads(long reads)
{
	return ipq_ctl(h, IPQ_CTL_END_READS, (unsigned int)reads);
}

/* Returns 1 if the read was ended by the request; 0 otherwise. */
static bool is_ended(int timeout)
{
	union message m;

	errno = 0;
	return ipq_read(h, m.buf, sizeof(m.buf), timeout) == 0 && errno == ECANCELED &&
	       !strcmp(ipq_errstr(), "Reading ended");
}

static void *read_once(void *timeout)
{
	reading++;
	return (void *)(long)is_ended((long)timeout);
}

static void pass(int timeout)
{
	union message m;

	udp_say(AF_INET, 5000, "hello");
	do
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), timeout) > 0, "%s", ipq_errstr());
	while (ipq_message_type(m.buf) == NLMSG_NOOP);
	cr_assert(ipq_message_type(m.buf) == IPQM_PACKET);
	ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, NF_ACCEPT, 0, NULL);
	udp_expect(heard, "hello");
}

Test(ending, the_next_read_is_ended_and_later_reads_get_packets)
{
	open_here();
	for (int i = 0; i < 20; i++) {
		errno = 0;
		cr_assert(end_reads(1) == 0 && errno == 0);
		cr_assert(is_ended(i % 3 == 2 ? -1 : i % 3 * 1000000));
		cr_assert(queue_silent(h));
		pass(0);
		pass(1000000);
	}
	ipq_destroy_handle(h);
}

/* Whether the read waits already, or is about to. */
Test(ending, reads_of_other_threads_return)
{
	pthread_t threads[4];
	void *ended;

	open_here();
	for (int round = 0; round < 40; round++) {
		int count = 1 + round % 4;

		reading = 0;
		for (int i = 0; i < count; i++)
			cr_assert(!pthread_create(&threads[i], NULL, read_once,
						  (void *)(round % 8 < 4 ? 0L : 20000000L)));
		while (round % 2 && reading < count)
			sched_yield();
		cr_assert(end_reads(count) == 0);
		for (int i = 0; i < count; i++)
			cr_assert(!pthread_join(threads[i], &ended) && ended);
		cr_assert(queue_silent(h));
		if (round % 5 == 0)
			pass(0);
	}
	ipq_destroy_handle(h);
}

static void end_one(int signal)
{
	(void)signal;
	end_reads(1);
}

Test(ending, a_signal_handler_may_end_reads)
{
	struct sigaction act = { .sa_handler = end_one, .sa_flags = SA_RESTART };
	pthread_t thread;
	void *ended;

	open_here();
	cr_assert(!sigaction(SIGUSR1, &act, NULL));
	for (int i = 0; i < 50; i++) {
		reading = 0;
		cr_assert(!pthread_create(&thread, NULL, read_once, NULL));
		while (i % 2 && !reading)
			sched_yield();
		cr_assert(!pthread_kill(thread, SIGUSR1));
		cr_assert(!pthread_join(thread, &ended) && ended, "round %d", i);
	}
	ipq_destroy_handle(h);
}

Test(ending, packets_that_came_before_reads_were_ended_are_read_first)
{
	union message m;

	open_here();
	for (int i = 0; i < 10; i++)
		udp_say(AF_INET, 5000, "hello");
	cr_assert(end_reads(2) == 0);
	for (int i = 0; i < 10; i++)
		cr_assert(ipq_set_verdict(h, queue_packet(h, &m)->packet_id, NF_ACCEPT, 0,
					  NULL) == VERDICT_SENT);
	cr_assert(is_ended(0) && is_ended(-1) && !is_ended(-1));
	pass(0);
	ipq_destroy_handle(h);
}

/* There is no room for the message that wakes the read. */
Test(ending, reads_are_ended_also_with_a_full_receive_buffer)
{
	union message m;
	int n;

	setenv("LIBIPQ_RCVBUF", "2000", 1);
	open_here();
	for (int i = 0; i < 100; i++)
		udp_say(AF_INET, 5000, "hello");
	cr_assert(end_reads(1) == 0);
	errno = 0;
	for (n = 0; ipq_read(h, m.buf, sizeof(m.buf), 0) > 0; n++)
		cr_assert(n < 100);
	cr_assert(errno == ECANCELED && n < 90);
	cr_assert(queue_silent(h));
	pass(0);
	ipq_destroy_handle(h);
}

Test(ending, a_process_that_shares_the_handle_may_end_reads)
{
	struct process other;
	pthread_t thread;
	void *ended;

	open_here();
	other = process_start();
	cr_assert(!pthread_create(&thread, NULL, read_once, NULL));
	cr_assert(process_do(&other, end_reads, 1) == 0);
	cr_assert(!pthread_join(thread, &ended) && ended);
	process_end(&other);
	ipq_destroy_handle(h);
}

Test(ending, reads_can_be_ended_without_the_capability)
{
	open_here();
	have_net_admin(false);
	cr_assert(end_reads(1) == 0 && is_ended(0));
	have_net_admin(true);
	pass(0);
	ipq_destroy_handle(h);
}
