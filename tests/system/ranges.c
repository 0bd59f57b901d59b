/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_QUEUE=4-7: one handle for all numbers that --queue-balance spreads packets over.
 * Ids have the queue number in their upper half. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "datagram.h"
#include "network.h"
#include "pair.h"
#include "peer.h"
#include "process.h"

#if __SIZEOF_LONG__ > 4

TestSuite(ranges, .timeout = 60);

/* So many that each of four numbers gets some, whatever the kernel's hash is: it begins with
 * a random number at each boot (nfqueue_hash). */
#define FLOWS 64

static union message message;

/* Addresses of a flow. The kernel chooses the number by these only. */
static void address_of(int i, int flow, char text[32])
{
	snprintf(text, 32, i ? "fd00::%d" : "127.0.0.%d", flow + 1);
}

static void balanced_network(void)
{
	pair_network("NFQUEUE --queue-balance 4:7");
	/* a route is faster than adding the addresses, for each of which duplicates
	 * would be looked for */
	run("ip -6 route add local fd00::/64 dev lo");
	setenv("LIBIPQ_QUEUE", "4-7", 1);
}

static void say(int i, int flow, const char *text)
{
	int fd = udp_open(pair_family(i), 0);
	char address[32];

	address_of(i, flow, address);
	cr_assert(udp_send(fd, address, 9, text, strlen(text)) > 0);
	close(fd);
}

/* A packet of each flow must come, with its text. Returns the set of numbers
 * that they came by. */
static unsigned int pass_flows(int i)
{
	unsigned int numbers = 0;
	char text[16];
	ipq_id_t id;

	for (int flow = 0; flow < FLOWS; flow++) {
		snprintf(text, sizeof(text), "flow %d", flow);
		say(i, flow, text);
		id = pair_packet(i, text)->packet_id;
		cr_assert(id >> 32 < 32);
		numbers |= 1 << (id >> 32);
		ipq_set_verdict(pair[i], id, NF_ACCEPT, 0, NULL);
		udp_expect(pair_heard[i], text);
	}
	return numbers;
}

#define ALL_FOUR (1 << 4 | 1 << 5 | 1 << 6 | 1 << 7)

Test(ranges, all_flows_of_a_balanced_rule_come_with_their_number_in_the_id)
{
	for (int i = 0; i < 2; i++) {
		balanced_network();
		pair_make(i);
		pair_start(i);
		cr_assert(pass_flows(i) == ALL_FOUR);
		pair_close(i);
	}
}

Test(ranges, several_that_wait_are_told_apart)
{
	ipq_id_t ids[FLOWS];
	char text[16];

	balanced_network();
	pair_make(0);
	pair_start(0);
	for (int flow = 0; flow < FLOWS; flow++) {
		snprintf(text, sizeof(text), "flow %d", flow);
		say(0, flow, text);
	}
	for (int flow = 0; flow < FLOWS; flow++) {
		ids[flow] = queue_packet(pair[0], &message)->packet_id;
		for (int other = 0; other < flow; other++)
			cr_assert(ids[other] != ids[flow]);
	}
	/* in reverse order */
	for (int flow = FLOWS; flow-- > 0;) {
		ipq_set_verdict(pair[0], ids[flow], NF_ACCEPT, 0, NULL);
		snprintf(text, sizeof(text), "flow %d", flow);
		udp_expect(pair_heard[0], text);
	}
	cr_assert(queue_silent(pair[0]));
	pair_close(0);
}

static ipq_packet_msg_t *get(int flow, const char *text)
{
	say(0, flow, text);
	return pair_packet(0, text);
}

Test(ranges, verdicts_of_every_kind_go_to_the_number_in_the_id)
{
	static unsigned char replacement[DATAGRAM_MAX];
	ipq_packet_msg_t *p;
	ipq_id_t id;

	balanced_network();
	run("iptables-legacy -A INPUT -m mark --mark 5 -j DROP");
	pair_make(0);
	pair_start(0);
	for (int flow = 0; flow < FLOWS; flow++) {
		id = get(flow, "dropped")->packet_id;
		ipq_set_verdict(pair[0], id, NF_DROP, 0, NULL);
		ipq_set_verdict(pair[0], id, NF_DROP, 0, NULL);
		cr_assert(queue_error(pair[0]) == ENOENT);

		id = get(flow, "again")->packet_id;
		ipq_set_verdict(pair[0], id, 77, 0, NULL);
		cr_assert(queue_error(pair[0]) == EINVAL);
		ipq_set_verdict(pair[0], id, NF_QUEUE, 0, NULL);
		p = pair_packet(0, "again");
		cr_assert(p->packet_id >> 32 == id >> 32 && p->packet_id != id);
		ipq_set_verdict(pair[0], p->packet_id, NF_REPEAT, 0, NULL);
		pair_expect(0, "again");

		ipq_set_vwmark(pair[0], get(flow, "marked")->packet_id, NF_ACCEPT, 5, 0, NULL);
		p = get(flow, "text");
		ipq_set_verdict(pair[0], p->packet_id, NF_ACCEPT,
				datagram_with(replacement, p->payload, "other", 5), replacement);
		udp_expect(pair_heard[0], "other");
	}
	cr_assert(pair_silent());
	pair_close(0);
}

Test(ranges, an_id_without_a_number_of_the_range_is_unknown)
{
	static const unsigned long wrong[] = { 0, 3, 8, 1 << 16 | 4, 0x80000004 };
	ipq_id_t id;

	balanced_network();
	pair_make(0);
	pair_start(0);
	id = get(0, "hello")->packet_id;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		ipq_id_t other = wrong[i] << 32 | (id & UINT32_MAX);

		ipq_set_verdict(pair[0], other, NF_DROP, 0, NULL);
		queue_refusal(pair[0], ENOENT, IPQM_VERDICT,
			      (unsigned long[]) { NF_DROP, other, 0 }, NULL, 0);
	}
	ipq_set_verdict(pair[0], id, NF_ACCEPT, 0, NULL);
	udp_expect(pair_heard[0], "hello");
	pair_close(0);

	/* nor does a handle with one number accept such ids */
	setenv("LIBIPQ_QUEUE", "4-4", 1);
	pair_make(0);
	pair_start(0);
	ipq_set_verdict(pair[0], 4UL << 32 | 1, NF_DROP, 0, NULL);
	cr_assert(queue_error(pair[0]) == ENOENT);
	pair_close(0);
}

static void expect_mode(unsigned int mode, unsigned int range)
{
	struct queue_figures f;

	for (unsigned int n = 4; n <= 7; n++) {
		cr_assert(queue_figures(n, &f), "queue %u is not bound", n);
		cr_assert(f.mode == mode && f.range == range, "queue %u has mode %u and range %u",
			  n, f.mode, f.range);
	}
	cr_assert(!queue_figures(3, &f) && !queue_figures(8, &f));
}

Test(ranges, modes_reach_all_numbers)
{
	struct queue_figures f;

	network_enter();
	setenv("LIBIPQ_QUEUE", "4-7", 1);
	pair_make(0);
	cr_assert(ipq_set_mode(pair[0], IPQ_COPY_PACKET, 100) == MODE_SENT);
	expect_mode(IPQ_COPY_PACKET, 100);
	ipq_set_mode(pair[0], IPQ_COPY_META, 0);
	expect_mode(IPQ_COPY_META, 0);
	ipq_set_mode(pair[0], 3, 0);
	cr_assert(queue_error(pair[0]) == EINVAL);
	expect_mode(IPQ_COPY_META, 0);
	ipq_set_mode(pair[0], IPQ_COPY_NONE, 0);
	expect_mode(IPQ_COPY_NONE, 0);
	cr_assert(queue_silent(pair[0]));
	pair_close(0);
	cr_assert(!queue_figures(4, &f) && !queue_figures(7, &f));
}

static long open_number(long number)
{
	char text[8];

	snprintf(text, sizeof(text), "%ld", number);
	setenv("LIBIPQ_QUEUE", text, 1);
	return peer_open(PF_INET) && peer_mode(IPQ_COPY_META) > 0;
}

Test(ranges, all_of_them_are_claimed_or_none)
{
	struct queue_figures f;
	const char *said;

	for (unsigned int taken = 4; taken <= 7; taken++) {
		struct process other;

		network_enter();
		other = process_start();
		cr_assert(process_do(&other, open_number, taken));
		setenv("LIBIPQ_QUEUE", "4-7", 1);
		setenv("LIBIPQ_DEBUG", taken == 5 ? "0" : "1", 1);
		setenv("LIBIPQ_RCVBUF", "100000", 1);
		pair_make(0);
		stderr_keep();
		ipq_set_mode(pair[0], IPQ_COPY_META, 0);
		cr_assert(queue_error(pair[0]) == EBUSY);
		said = stderr_kept();
		if (taken == 5) {
			cr_assert_str_empty(said);
		} else {
			assert_says(said, "LIBIPQ_QUEUE");
			assert_says(said, "EBUSY");
		}
		for (unsigned int n = 4; n <= 7; n++)
			cr_assert(queue_figures(n, &f) == (n == taken));
		process_end(&other);
		ipq_set_mode(pair[0], IPQ_COPY_META, 0);
		cr_assert(queue_silent(pair[0]));
		expect_mode(IPQ_COPY_META, 0);
		pair_close(0);
	}
}

Test(ranges, ranges_are_shared_by_both_families)
{
	for (int first = 0; first < 2; first++) {
		balanced_network();
		pair_open(first);
		/* packets come by private numbers, and ids have no number in them */
		for (int round = 0; round < 2; round++) {
			cr_assert(pass_flows(0) == 1);
			cr_assert(pass_flows(1) == 1);
		}
		pair_close(first);
		cr_assert(pass_flows(!first) == 1);
		pair_make(first);
		pair_start(first);
		cr_assert(pass_flows(0) == 1);
		cr_assert(pass_flows(1) == 1);
		pair_close(!first);
		cr_assert(pass_flows(first) == 1);
		pair_close(first);
	}
}

Test(ranges, a_range_with_the_number_of_the_other_family_in_it_is_shared_whole)
{
	struct queue_figures f;

	balanced_network();
	setenv("LIBIPQ_QUEUE6", "5", 1);
	pair_open(0);
	run("ip6tables-legacy -F OUTPUT; "
	    "ip6tables-legacy -A OUTPUT -p udp --dport 9 -j NFQUEUE --queue-num 5");
	for (int round = 0; round < 2; round++) {
		ipq_set_mode(pair[0], IPQ_COPY_NONE, 0);
		for (unsigned int n = 4; n <= 7; n++)
			cr_assert(queue_figures(n, &f), "%u", n);
		say(0, 1, "dropped");
		cr_assert(pass_flows(1) == 1);
		pair_start(0);
		cr_assert(pass_flows(0) == 1);
	}
	pair_close(0);
	cr_assert(pass_flows(1) == 1);
	pair_close(1);
	for (unsigned int n = 4; n <= 7; n++)
		cr_assert(!queue_figures(n, &f), "%u", n);
}

static unsigned int waiting(void)
{
	struct queue_figures f;
	unsigned int sum = 0;

	for (unsigned int n = 4; n <= 7; n++)
		sum += queue_figures(n, &f) ? f.waiting : 0;
	return sum;
}

/* In a user namespace, net.core.rmem_max is the limit. */
Test(ranges, as_many_packets_as_all_queues_hold_fit_the_receive_buffer)
{
	network_enter();
	run("for n in 4 5 6 7; do "
	    "iptables-legacy -A OUTPUT -p udp --dport 500$n -j NFQUEUE --queue-num $n; done");
	setenv("LIBIPQ_QUEUE", "4-7", 1);
	setenv("LIBIPQ_MAXLEN", "200", 1);
	pair_make(0);
	ipq_set_mode(pair[0], IPQ_COPY_META, 0);
	for (int n = 0; n < 800; n++)
		udp_say(AF_INET, 5004 + n % 4, "hello");
	cr_assert(waiting() == 800, "%u wait", waiting());
	for (int n = 0; n < 800; n++)
		queue_packet(pair[0], &message);
	pair_close(0);
}

Test(ranges, ranges_of_up_to_256_numbers_are_accepted)
{
	static const char *const good[] = { "0-255", "65280-65535", "7-7", "0-0" };
	static const char *const bad[] = {
		"0-256", "7-4", "4-", "-4", "4-7-9", "4 - 7", "65535-65536", "4:7", "4,7",
	};
	struct queue_figures f;

	network_enter();
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		setenv("LIBIPQ_QUEUE", good[i], 1);
		pair_make(0);
		pair_start(0);
		cr_assert(queue_silent(pair[0]), "%s", good[i]);
		cr_assert(queue_figures(strtoul(good[i], NULL, 10), &f));
		cr_assert(queue_figures(strtoul(strchr(good[i], '-') + 1, NULL, 10), &f));
		pair_close(0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *said;

		setenv("LIBIPQ_QUEUE", bad[i], 1);
		stderr_keep();
		errno = 0;
		pair[0] = ipq_create_handle(0, PF_INET);
		said = stderr_kept();
		cr_assert(!pair[0] && errno == EINVAL, "%s", bad[i]);
		assert_one_line(said);
		assert_says(said, bad[i]);
		assert_says(said, "up to 256 of them as 4-7");
	}
}

#else

Test(ranges, several_numbers_need_ids_of_64_bits)
{
	const char *said;

	network_enter();
	setenv("LIBIPQ_QUEUE", "4-7", 1);
	stderr_keep();
	errno = 0;
	pair[0] = ipq_create_handle(0, PF_INET);
	said = stderr_kept();
	cr_assert(!pair[0] && errno == EINVAL);
	assert_one_line(said);
	assert_says(said, "only 64-bit programs can have several");
}

#endif
