/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers that are killed or stopped while packets wait, and their successors: every
 * packet is accounted for. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "peer.h"
#include "process.h"
#include "queue.h"
#include "reader.h"
#include "traffic.h"

TestSuite(readers, .timeout = 60);

/* The numbers of packets that readers have decided on. They are increased before
 * the verdict is sent, so a reader that is killed in between has counted one
 * packet too many. */
static struct decided {
	atomic_ulong accepted, dropped;
} *decided;

static void network_with_traffic(void)
{
	network_enter();
	traffic_watch();
	decided = mmap(NULL, sizeof(*decided), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(decided != MAP_FAILED);
}

static bool decide(unsigned int verdict, int timeout)
{
	union message m;

	if (ipq_read(peer, m.buf, sizeof(m.buf), timeout) <= 0 ||
	    ipq_message_type(m.buf) != IPQM_PACKET)
		return false;
	atomic_fetch_add(verdict == NF_ACCEPT ? &decided->accepted :
						&decided->dropped, 1);
	return ipq_set_verdict(peer, ipq_get_packet(m.buf)->packet_id, verdict, 0,
			       NULL) == VERDICT_SENT;
}

static long accept_packets(long count)
{
	while (count && decide(NF_ACCEPT, SOON))
		count--;
	return count == 0;
}

static long drop_packets(long count)
{
	while (count && decide(NF_DROP, SOON))
		count--;
	return count == 0;
}

static long read_packets(long count)
{
	while (count && peer_packet(0) > 0)
		count--;
	return count == 0;
}

/* Drops every third packet. Returns the number of packets. */
static long decide_all(long unused)
{
	long count = 0;

	(void)unused;
	while (decide(count % 3 ? NF_ACCEPT : NF_DROP, -1))
		count++;
	return count;
}

/* Creates a handle and claims the queue until this succeeds. Returns 0, an error other
 * than EBUSY, or -1. */
static long take_over(long unused)
{
	long long limit = clock_us() + SOON;
	union message m;

	(void)unused;
	if (!peer_open(PF_INET))
		return -1;
	do {
		if (peer_mode(IPQ_COPY_META) != MODE_SENT)
			return -1;
		if (ipq_read(peer, m.buf, sizeof(m.buf), -1) == 0)
			return 0;
		if (ipq_message_type(m.buf) == IPQM_PACKET) {
			atomic_fetch_add(&decided->accepted, 1);
			peer_accept(ipq_get_packet(m.buf)->packet_id);
			return 0;
		}
		if (ipq_get_msgerr(m.buf) != EBUSY)
			return ipq_get_msgerr(m.buf);
	} while (clock_us() < limit);
	return -1;
}

static void assert_takes_over(const struct process *p)
{
	long error = process_do(p, take_over, 0);

	cr_assert(error == 0, "error %ld", error);
}

/* For process_do; never returns, so there is no answer. */
static long decide_for_ever(long unused)
{
	while (decide(NF_ACCEPT, 0))
		;
	_exit(1);
	return unused;
}

static void begin_to_decide(const struct process *p)
{
	struct {
		long (*act)(long);
		long arg;
	} order = { decide_for_ever, 0 };

	cr_assert(send(p->orders, &order, sizeof(order), 0) == sizeof(order));
}

static struct queue_figures figures(void)
{
	struct queue_figures f;

	cr_assert(queue_figures(0, &f));
	return f;
}

/* Waits until the counter has grown by this number. */
static void await_growth(const atomic_ulong *counter, unsigned long by)
{
	unsigned long from = atomic_load(counter);
	long long limit = clock_us() + SOON;

	while (atomic_load(counter) < from + by) {
		cr_assert(clock_us() < limit, "the reader reads no more");
		usleep(1000);
	}
}

Test(readers, a_killed_reader_takes_with_it_what_waits_and_nothing_else)
{
	struct process first, next;

	network_with_traffic();
	first = process_start();
	next = process_start();
	assert_takes_over(&first);
	traffic_send(60);
	cr_assert(process_do(&first, accept_packets, 20));
	cr_assert(process_do(&first, drop_packets, 10));
	cr_assert(process_do(&first, read_packets, 10));
	cr_assert(figures().waiting == 30);

	kill(first.pid, SIGKILL);
	assert_takes_over(&next);
	cr_assert(figures().waiting == 0);
	traffic_send(50);
	cr_assert(process_do(&next, accept_packets, 50));
	cr_assert(process_do(&next, peer_silent, 0));
	cr_assert(traffic_arrived(20 + 50) == 20 + 50);
	process_end(&first);
	process_end(&next);
}

/* Each new reader claims the queue while the kernel removes the killed reader's queue,
 * which takes more or less time. */
Test(readers, whoever_asks_while_one_is_killed_has_the_queue_or_is_told_EBUSY)
{
	struct process reader;

	network_with_traffic();
	reader = process_start();
	assert_takes_over(&reader);
	for (int i = 0; i < 50; i++) {
		struct process next = process_start();

		traffic_send(3);
		kill(reader.pid, SIGKILL);
		assert_takes_over(&next);
		traffic_send(1);
		cr_assert(process_do(&next, accept_packets, 1));
		process_end(&reader);
		reader = next;
	}
	cr_assert(traffic_arrived(50) == 50);
	process_end(&reader);
}

/* Returns the number of verdicts that a reader may hold back in a batch: when the reader
 * is killed, the kernel has not received them. */
static unsigned long verdicts_held(void)
{
	const char *batch = getenv("LIBIPQ_BATCH");

	return batch ? strtoul(batch, NULL, 10) : 1;
}

Test(readers, killed_one_after_another_in_a_flood_they_are_replaced_at_once)
{
	const unsigned long kills = 10;
	unsigned long sent, accepted, arrived;
	struct flood *flood;
	struct process last;

	network_with_traffic();
	flood = flood_begin();
	for (unsigned long i = 0; i < kills; i++) {
		struct process reader = process_start();

		assert_takes_over(&reader);
		begin_to_decide(&reader);
		await_growth(&decided->accepted, 500);
		kill(reader.pid, SIGKILL);
		process_end(&reader);
	}
	last = process_start();
	assert_takes_over(&last);
	sent = flood_end(flood);
	process_do(&last, decide_all, 0);
	cr_assert(figures().waiting == 0);
	traffic_send(100);
	cr_assert(process_do(&last, accept_packets, 100));
	accepted = atomic_load(&decided->accepted);
	arrived = traffic_arrived(accepted - kills * verdicts_held());
	cr_assert(arrived <= accepted && arrived + kills * verdicts_held() >= accepted,
		  "of %lu sent and 100, %lu were accepted and %lu arrived", sent,
		  accepted, arrived);
	process_end(&last);
}

/* Every packet sent has arrived, was dropped by a verdict, or was counted as
 * lost by the kernel. */
static void assert_all_accounted_for(unsigned long sent)
{
	struct queue_figures f = figures();
	unsigned long arrived = traffic_arrived(decided->accepted);
	unsigned long dropped = decided->dropped;

	cr_assert(f.waiting == 0);
	cr_assert(arrived == decided->accepted, "%lu were accepted, %lu arrived",
		  decided->accepted, arrived);
	cr_assert(sent == arrived + dropped + f.dropped_full + f.dropped_socket,
		  "of %lu, %lu arrived, %lu were dropped, %u found the queue full, "
		  "%u the socket", sent, arrived, dropped, f.dropped_full,
		  f.dropped_socket);
}

Test(readers, a_reader_stopped_for_seconds_in_a_flood_goes_on_and_the_kernel_counts)
{
	/* the first reaches the limit of the queue, the second that of
	 * the receive buffer */
	static const char *const settings[][2] = {
		{ "LIBIPQ_MAXLEN", "200" },
		{ "LIBIPQ_RCVBUF", "16384" },
	};

	for (size_t i = 0; i < 2; i++) {
		long long begun;
		struct flood *flood;
		struct process reader;
		unsigned long lost, sent;

		network_with_traffic();
		setenv(settings[i][0], settings[i][1], 1);
		reader = process_start();
		assert_takes_over(&reader);
		flood = flood_begin();
		cr_assert(process_do(&reader, accept_packets, 500));
		cr_assert(process_do(&reader, drop_packets, 500));
		kill(reader.pid, SIGSTOP);
		begun = clock_us();
		do {
			struct queue_figures f = figures();

			cr_assert(clock_us() < begun + SOON, "nothing is lost");
			usleep(50000);
			lost = i ? f.dropped_socket : f.dropped_full;
		} while (lost < 100 || clock_us() < begun + 2000000);
		kill(reader.pid, SIGCONT);
		cr_assert(process_do(&reader, accept_packets, 1000));
		sent = flood_end(flood);
		process_do(&reader, decide_all, 0);
		assert_all_accounted_for(sent);

		process_do(&reader, peer_close, 0);
		process_end(&reader);
		unsetenv(settings[i][0]);
	}
}
