/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6 handles of one program on the same queue number: each gets the packets of
 * its family, in whatever way the program waits for them (FACTS 8). */
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "kernel.h"
#include "datagram.h"
#include "network.h"
#include "pair.h"
#include "process.h"
#include "reader.h"

TestSuite(families, .timeout = 60);

static union message message;

/* Sends ten packets of each family, and serves both handles in a loop that
 * waits for either. */
static void serve_ten(void)
{
	int seen[2] = { 0, 0 };

	for (int n = 0; n < 10; n++) {
		pair_say(1, "six");
		pair_say(0, "four");
	}
	while (seen[0] < 10 || seen[1] < 10) {
		int i = pair_next(&message);
		ipq_packet_msg_t *p = ipq_get_packet(message.buf);

		cr_assert(message.nlh.nlmsg_type == IPQM_PACKET);
		cr_assert(p->payload[0] >> 4 == (i ? 6 : 4));
		ipq_set_verdict(pair[i], p->packet_id, NF_ACCEPT, 0, NULL);
		seen[i]++;
	}
	for (int n = 0; n < 10; n++) {
		udp_expect(pair_heard[0], "four");
		udp_expect(pair_heard[1], "six");
	}
	cr_assert(pair_silent());
}

Test(families, a_loop_that_selects_and_reads_blocking_serves_both)
{
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		serve_ten();
		pair_close_both();
	}
}

/* It is not readable for them, whether or not the other handle is read. */
Test(families, a_descriptor_is_never_readable_for_packets_of_the_other_family)
{
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		for (int i = 0; i < 2; i++) {
			struct pollfd fd = { pair[i]->fd, POLLIN, 0 };

			for (int n = 0; n < 100; n++)
				pair_say(!i, "alone");
			cr_assert(poll(&fd, 1, 0) == 0);
			cr_assert(ipq_read(pair[i], message.buf, sizeof(message.buf), -1) == 0);
			cr_assert_str_eq(ipq_errstr(), "Timeout");
			for (int n = 0; n < 100; n++)
				pair_expect(!i, "alone");
			cr_assert(pair_silent());
		}
		pair_close_both();
	}
}

/* Reads after each event until there is nothing more, without waiting. If a read said so
 * too early, the next edge would be missed. */
static void serve_edges(uint32_t edge)
{
	static const char *const text[] = { "four", "six" };
	struct epoll_event event[2];
	int epoll = epoll_create1(EPOLL_CLOEXEC), seen[2] = { 0, 0 };

	for (uint32_t i = 0; i < 2; i++) {
		event[i] = (struct epoll_event) { EPOLLIN | edge, { .u32 = i } };
		cr_assert(!epoll_ctl(epoll, EPOLL_CTL_ADD, pair[i]->fd, &event[i]));
	}
	for (int n = 0; n < 200; n++)
		pair_say(n % 100 < 80, text[n % 100 < 80]);
	while (seen[0] + seen[1] < 200) {
		int ready = epoll_wait(epoll, event, 2, DEADLINE / 5);

		cr_assert(ready > 0, "%d and %d packets", seen[0], seen[1]);
		while (ready--) {
			int i = event[ready].data.u32;

			while (ipq_read(pair[i], message.buf, sizeof(message.buf), -1) > 0) {
				cr_assert(message.nlh.nlmsg_type == IPQM_PACKET);
				ipq_set_verdict(pair[i], ipq_get_packet(message.buf)->packet_id,
						NF_ACCEPT, 0, NULL);
				udp_expect(pair_heard[i], text[i]);
				seen[i]++;
				if (!edge)
					break;
			}
		}
	}
	cr_assert(seen[0] == 40 && seen[1] == 160);
	close(epoll);
}

Test(families, a_loop_that_waits_in_epoll_serves_both)
{
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		serve_edges(0);
		pair_close_both();
	}
}

Test(families, a_loop_that_waits_for_edges_serves_both)
{
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		serve_edges(EPOLLET);
		pair_close_both();
	}
}

Test(families, a_read_that_does_not_wait_finds_nothing_among_packets_of_the_other)
{
	pair_network("QUEUE");
	pair_open(0);
	for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
		pair_say(1, "six");
		if (nonblocking) {
			cr_assert(!fcntl(pair[0]->fd, F_SETFL, O_NONBLOCK));
			cr_assert(ipq_read(pair[0], message.buf, sizeof(message.buf), 0) == -1);
			cr_assert(errno == EAGAIN);
		} else {
			cr_assert(ipq_read(pair[0], message.buf, sizeof(message.buf), -1) == 0);
			cr_assert_str_eq(ipq_errstr(), "Timeout");
		}
		pair_expect(1, "six");
	}
	pair_close_both();
}

/* poll and ipq_read must agree on whether there is a packet. */
static void expect_agreement(int i, bool has_packet)
{
	struct pollfd fd = { pair[i]->fd, POLLIN, 0 };
	ssize_t n;

	/* the mover may be about to move it */
	cr_assert(poll(&fd, 1, has_packet ? DEADLINE : 0) == has_packet, "IPv%d", i ? 6 : 4);
	errno = 0;
	n = ipq_read(pair[i], message.buf, sizeof(message.buf), 0);
	if (!has_packet) {
		cr_assert(n == -1 && errno == EAGAIN, "%zd, errno %d", n, errno);
		return;
	}
	cr_assert(n > 0 && message.nlh.nlmsg_type == IPQM_PACKET);
	ipq_set_verdict(pair[i], ipq_get_packet(message.buf)->packet_id, NF_ACCEPT, 0, NULL);
	udp_expect(pair_heard[i], "hello");
}

Test(families, handles_that_do_not_block_have_a_packet_when_select_says_so_and_else_EAGAIN)
{
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		for (int i = 0; i < 2; i++)
			cr_assert(!fcntl(pair[i]->fd, F_SETFL, O_NONBLOCK));
		for (int n = 0; n < 40; n++) {
			int says = n >> n / 8 & 1;

			pair_say(says, "hello");
			expect_agreement(!says, false);
			expect_agreement(says, true);
			expect_agreement(says, false);
		}
		pair_close_both();
	}
}

/* For each order of the handles and of the packets. */
Test(families, the_first_packet_may_be_one_of_either_family)
{
	for (int order = 0; order < 4; order++) {
		pair_network("QUEUE");
		pair_open(order & 1);
		pair_pass(order >> 1, "first");
		pair_pass(!(order >> 1), "second");
		cr_assert(pair_silent());
		pair_close_both();
	}
}

Test(families, a_read_with_a_timeout_ends_when_its_time_is_over_and_not_before)
{
	static struct reader r;
	long long began;

	pair_network("QUEUE");
	pair_open(0);
	began = clock_us();
	reader_begin(&r, pair[0], 300000);
	for (int n = 0; n < 10; n++) {
		pair_say(1, "six");
		cr_assert(queue_packet(pair[1], &message));
	}
	reader_end(&r);
	cr_assert(r.n == 0 && r.error == 0 && clock_us() - began >= 300000);
	cr_assert_str_eq(r.text, "Timeout");
	/* and with its own among those of the other family */
	for (int n = 0; n < 100; n++)
		pair_say(n == 90 ? 0 : 1, "one");
	cr_assert(ipq_read(pair[0], message.buf, sizeof(message.buf), SOON) > 0);
	cr_assert(message.nlh.nlmsg_type == IPQM_PACKET);
	pair_close_both();
}

static void wait_for_own(void)
{
	static struct reader r;

	reader_start(&r, pair[0], 0);
	pair_say(0, "own");
	reader_end(&r);
	cr_assert(r.n > 0 && r.m.nlh.nlmsg_type == IPQM_PACKET);
}

/* Whether or not it is the handle's first read that waits. */
Test(families, a_read_that_has_begun_to_wait_goes_on_waiting)
{
	static struct reader r;

	for (int waits = 0; waits < 2; waits++) {
		pair_network("QUEUE");
		pair_make(0);
		pair_start(0);
		for (int n = 0; n < waits; n++)
			wait_for_own();
		reader_start(&r, pair[0], 0);
		pair_make(1);
		pair_start(1);
		for (int n = 0; n < 10; n++) {
			pair_say(1, "six");
			cr_assert(reader_waits(&r));
			ipq_set_verdict(pair[1], queue_packet(pair[1], &message)->packet_id,
					NF_ACCEPT, 0, NULL);
			udp_expect(pair_heard[1], "six");
		}
		pair_say(0, "four");
		reader_end(&r);
		cr_assert(r.n > 0 && r.m.nlh.nlmsg_type == IPQM_PACKET);
		pair_close_both();
	}
}

/* Then packets of its family come by the shared number again. */
Test(families, a_read_that_waits_goes_on_when_the_other_handle_goes)
{
	static struct reader r;

	pair_network("QUEUE");
	pair_open(0);
	reader_start(&r, pair[1], 0);
	pair_close(0);
	pair_say(1, "six");
	reader_end(&r);
	cr_assert(r.n > 0 && r.m.nlh.nlmsg_type == IPQM_PACKET, "message type %d",
		  r.m.nlh.nlmsg_type);
	ipq_set_verdict(pair[1], ipq_get_packet(r.m.buf)->packet_id, NF_ACCEPT, 0, NULL);
	udp_expect(pair_heard[1], "six");
	pair_close(1);
}

#define STOPS 3

/* Returns the metadata of one packet from the far side at each of its hooks. The kernel
 * begins to set timestamps only some time after it was asked to. */
static void see_stops(ipq_packet_msg_t seen[STOPS])
{
	for (int tries = 0; tries < 1000; tries++) {
		udp_say_far("fd10::2", 9, "hello");
		for (int n = 0; n < STOPS; n++) {
			seen[n] = *pair_packet(1, "hello");
			ipq_set_verdict(pair[1], seen[n].packet_id, NF_ACCEPT, 0, NULL);
		}
		if (seen[0].timestamp_sec)
			return;
	}
	cr_assert_fail("the kernel stamps no packets");
}

/* The metadata must be the same whichever handle is first, except for id and time. */
Test(families, what_is_moved_is_as_it_was)
{
	ipq_packet_msg_t seen[2][STOPS];

	network_enter();
	network_add_far();
	network_add_beyond();
	run("ip6tables-legacy -t mangle -A PREROUTING -p udp --dport 9 -j MARK --set-mark 77");
	run("for c in PREROUTING FORWARD POSTROUTING; do "
	    "ip6tables-legacy -t mangle -A $c -p udp --dport 9 -j QUEUE; done");
	for (int first = 0; first < 2; first++) {
		pair_open(first);
		see_stops(seen[first]);
		for (int n = 0; n < STOPS; n++) {
			cr_assert(!seen[first][n].timestamp_sec == (n == STOPS - 1));
			seen[first][n].packet_id = 0;
			seen[first][n].timestamp_sec = seen[first][n].timestamp_usec = 0;
		}
		pair_close_both();
	}
	cr_assert(seen[0][0].mark == 77 && seen[0][1].hw_addrlen == 6);
	cr_assert(seen[0][1].indev_name[0] && seen[0][1].outdev_name[0]);
	cr_assert(!memcmp(seen[0], seen[1], sizeof(seen[0])));
}

static ipq_id_t say(const char *text)
{
	pair_say(1, text);
	return pair_packet(1, text)->packet_id;
}

/* For packets that are moved. */
Test(families, every_verdict_is_obeyed)
{
	static unsigned char replacement[DATAGRAM_MAX];
	ipq_packet_msg_t *p;
	ipq_id_t id;

	pair_network("QUEUE");
	pair_open(0);
	run("ip6tables-legacy -A INPUT -m mark --mark 5 -j DROP");
	id = say("dropped");
	ipq_set_verdict(pair[1], id, NF_DROP, 0, NULL);
	ipq_set_verdict(pair[1], id, NF_DROP, 0, NULL);
	cr_assert(queue_error(pair[1]) == ENOENT);

	id = say("again");
	ipq_set_verdict(pair[1], id, NF_STOLEN, 0, NULL);
	cr_assert(queue_error(pair[1]) == EINVAL);
	ipq_set_verdict(pair[1], id, NF_QUEUE, 0, NULL);
	ipq_set_verdict(pair[1], pair_packet(1, "again")->packet_id, NF_REPEAT, 0, NULL);
	ipq_set_verdict(pair[1], pair_packet(1, "again")->packet_id, NF_STOP, 0, NULL);
	udp_expect(pair_heard[1], "again");

	ipq_set_vwmark(pair[1], say("marked"), NF_ACCEPT, 5, 0, NULL);
	pair_say(1, "text");
	p = pair_packet(1, "text");
	ipq_set_verdict(pair[1], p->packet_id, NF_ACCEPT,
			datagram_with(replacement, p->payload, "another", 7), replacement);
	udp_expect(pair_heard[1], "another");
	cr_assert(pair_silent());
	pair_close_both();
}

/* Without a handle for the other family, its packets are dropped, however
 * many there are. */
Test(families, a_handle_alone_never_sees_packets_of_the_other_family_which_are_dropped)
{
	static struct reader r;
	uint64_t foreign;

	NOT_CARRIED(CARRIED_HAS_NO_CTL);
	for (int i = 0; i < 2; i++) {
		pair_network("QUEUE");
		pair_make(i);
		pair_start(i);
		for (int n = 0; n < 30; n++) {
			pair_say(!i, "dropped");
			cr_assert(ipq_read(pair[i], message.buf, sizeof(message.buf), -1) == 0);
		}
		reader_start(&r, pair[i], 0);
		for (int n = 0; n < 30; n++)
			pair_say(!i, "dropped");
		cr_assert(reader_waits(&r), "message type %d", r.m.nlh.nlmsg_type);
		pair_say(i, "own");
		reader_end(&r);
		cr_assert(r.n > 0 && r.m.nlh.nlmsg_type == IPQM_PACKET);
		ipq_set_verdict(pair[i], ipq_get_packet(r.m.buf)->packet_id, NF_ACCEPT, 0, NULL);
		udp_expect(pair_heard[i], "own");
		run("ip%stables-legacy -F OUTPUT", i ? "" : "6");
		pair_say(!i, "let through by the rules");
		udp_expect(pair_heard[!i], "let through by the rules");
		cr_assert(!ipq_ctl(pair[i], IPQ_CTL_GET_FOREIGN, &foreign) && foreign == 60,
			  "%lu", (unsigned long)foreign);
		pair_close(i);
	}
}

/* The first few packets wake it; then no more come. */
Test(families, a_handle_alone_is_not_woken_for_ever_by_packets_of_the_other_family)
{
	struct queue_figures f;
	int woken = 0;

	NOT_CARRIED(CARRIED_SELECTS);
	for (int i = 0; i < 2; i++) {
		pair_network("QUEUE");
		pair_make(i);
		pair_start(i);
		for (int n = 0; n < 100; n++) {
			struct pollfd fd = { pair[i]->fd, POLLIN, 0 };

			pair_say(!i, "dropped");
			woken += poll(&fd, 1, 0);
			cr_assert(ipq_read(pair[i], message.buf, sizeof(message.buf), -1) == 0);
		}
		cr_assert(woken <= 10 * (i + 1), "%d", woken);
		pair_pass(i, "own");
		pair_close(i);
		cr_assert(!queue_figures(0, &f));
	}
}

Test(families, a_handle_alone_that_does_not_block_gets_EAGAIN_for_packets_of_the_other)
{
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	cr_assert(!fcntl(pair[0]->fd, F_SETFL, O_NONBLOCK));
	for (int n = 0; n < 30; n++) {
		pair_say(1, "dropped");
		errno = 0;
		cr_assert(ipq_read(pair[0], message.buf, sizeof(message.buf), 0) == -1);
		cr_assert(errno == EAGAIN);
	}
	pair_pass(0, "own");
	pair_close(0);
}

/* The next packet of handle i must end with text; accepts it. The other handle may
 * have packets, too. */
static void expect_of(int i, const char *text)
{
	ipq_packet_msg_t *p = queue_packet(pair[i], &message);

	cr_assert(pair_says(p, text));
	ipq_set_verdict(pair[i], p->packet_id, NF_ACCEPT, 0, NULL);
	udp_expect(pair_heard[i], text);
}

static ipq_id_t id_of_next(int i, const char *text)
{
	pair_say(i, text);
	return pair_packet(i, text)->packet_id;
}

/* Decides in some order on packets that the program had when the number was given up to a
 * mover, and that waited then. */
static void expect_old(int i, const ipq_id_t id[5])
{
	static const int order[] = { 3, 0, 4, 1 };
	static const char *const text[] = { "0", "1", "2", "3", "4" };

	for (int n = 0; n < 4; n++) {
		ipq_set_verdict(pair[i], id[order[n]], NF_ACCEPT, 0, NULL);
		udp_expect(pair_heard[i], text[order[n]]);
	}
	ipq_set_verdict(pair[i], id[2], NF_ACCEPT, 0, NULL);
	cr_assert(queue_error(pair[i]) == ENOENT);
}

Test(families, packets_that_the_program_has_when_the_other_handle_comes_are_decided_on)
{
	static const char *const text[] = { "0", "1", "2", "3", "4" };
	ipq_id_t id[5];

	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_make(first);
		pair_start(first);
		for (int n = 0; n < 5; n++)
			id[n] = id_of_next(first, text[n]);
		ipq_set_verdict(pair[first], id[2], NF_ACCEPT, 0, NULL);
		udp_expect(pair_heard[first], "2");
		pair_say(first, "waits");
		pair_say(!first, "dropped");
		pair_make(!first);
		pair_start(!first);
		pair_say(!first, "other");
		expect_of(!first, "other");
		pair_expect(first, "waits");
		cr_assert(pair_silent());
		pair_pass(first, "own");
		expect_old(first, id);
		cr_assert(pair_silent());
		pair_close_both();
	}
}

/* The read must wait, and not return for a packet of the other family. */
static void expect_own_alone(void)
{
	static struct reader r;

	reader_start(&r, pair[0], 0);
	pair_say(1, "dropped");
	cr_assert(reader_waits(&r), "message type %d", r.m.nlh.nlmsg_type);
	pair_say(0, "own");
	reader_end(&r);
	cr_assert(r.n > 0 && r.m.nlh.nlmsg_type == IPQM_PACKET);
}

Test(families, a_first_read_that_waits_does_not_see_packets_of_the_other_family)
{
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	expect_own_alone();
	pair_close(0);
}

Test(families, a_later_read_that_waits_does_not_see_packets_of_the_other_family)
{
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	for (int n = 0; n < 3; n++)
		wait_for_own();
	expect_own_alone();
	pair_close(0);
}

Test(families, a_read_that_begins_after_one_of_the_other_came_waits_for_its_own)
{
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	wait_for_own();
	pair_say(1, "dropped");
	wait_for_own();
	pair_close(0);
}

Test(families, after_reads_that_wait_one_that_does_not_finds_no_packet_of_the_other_family)
{
	NOT_CARRIED(CARRIED_SELECTS);
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	wait_for_own();
	pair_say(1, "dropped");
	cr_assert(ipq_read(pair[0], message.buf, sizeof(message.buf), -1) == 0);
	cr_assert_str_eq(ipq_errstr(), "Timeout");
	pair_close(0);
}

Test(families, debug_tells_once_of_packets_that_nobody_takes)
{
	const char *said;

	NOT_CARRIED(CARRIED_SELECTS);
	pair_network("QUEUE");
	setenv("LIBIPQ_DEBUG", "1", 1);
	setenv("LIBIPQ_RCVBUF", "100000", 1);
	pair_make(0);
	pair_start(0);
	stderr_keep();
	for (int n = 0; n < 3; n++) {
		pair_say(1, "dropped");
		cr_assert(ipq_read(pair[0], message.buf, sizeof(message.buf), -1) == 0);
	}
	said = stderr_kept();
	assert_one_line(said);
	assert_says(said, "queue 0:");
	assert_says(said, "IPv6");
	assert_says(said, "ip6tables");
	assert_says(said, "--queue-num N");
	pair_close(0);
}

/* The mover prints the line, since a handle with a mover does not see these packets. */
Test(families, debug_tells_once_of_packets_that_a_mover_drops)
{
	const char *said;

	NOT_CARRIED(CARRIED_SELECTS);
	pair_network("QUEUE");
	setenv("LIBIPQ_DEBUG", "1", 1);
	setenv("LIBIPQ_RCVBUF", "100000", 1);
	stderr_keep();
	pair_open(0);
	pair_pass(1, "hello");
	pair_close(1);
	for (int n = 0; n < 3; n++) {
		pair_say(1, "dropped");
		pair_pass(0, "hello");
	}
	said = stderr_kept();
	assert_one_line(said);
	assert_says(said, "queue 0:");
	assert_says(said, "IPv6");
	pair_close(0);
}

/* The queue numbers of different network namespaces are different queues. */
Test(families, handles_in_two_network_namespaces_have_nothing_to_do_with_each_other)
{
	int here, heard;
	uint64_t foreign;

	NOT_CARRIED(CARRIED_HAS_NO_CTL);
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	heard = pair_heard[0];
	pair_network("QUEUE");
	pair_make(1);
	pair_start(1);
	pair_pass(1, "there");
	cr_assert(!setns(here, CLONE_NEWNET));
	pair_heard[0] = heard;
	pair_pass(0, "here");
	pair_say(1, "dropped");
	cr_assert(ipq_read(pair[0], message.buf, sizeof(message.buf), -1) == 0);
	cr_assert(!ipq_ctl(pair[0], IPQ_CTL_GET_FOREIGN, &foreign) && foreign == 1, "%lu",
		  (unsigned long)foreign);
	pair_close(0);
	cr_assert(ipq_read(pair[1], message.buf, sizeof(message.buf), -1) == 0);
	pair_close(1);
}

/* Even if the thread that makes the first request is in another network namespace, where
 * it would find another owner. */
Test(families, a_handle_claims_the_number_of_the_namespace_it_was_made_in)
{
	NOT_CARRIED("the preload library tells sockets apart by their port id alone");
	NEEDS_KERNEL(4, 10, "the network namespace of a socket");
	pair_network("QUEUE");
	pair_make(0);
	pair_network("QUEUE");
	pair[1] = ipq_create_handle(0, PF_INET);
	pair_start(1);
	pair_start(0);
	cr_assert(queue_silent(pair[0]) && queue_silent(pair[1]));
	ipq_destroy_handle(pair[1]);
	pair_close(0);
}

Test(families, a_descriptor_that_the_program_has_moved_is_shared_with_as_before)
{
	for (int moved = 0; moved < 2; moved++) {
		int fd;

		pair_network("QUEUE");
		pair_make(moved);
		fd = pair[moved]->fd;
		pair[moved]->fd = fcntl(fd, F_DUPFD, 100);
		cr_assert(pair[moved]->fd >= 100 && !close(fd));
		pair_start(moved);
		pair_make(!moved);
		pair_start(!moved);
		pair_pass(0, "four");
		pair_pass(1, "six");
		pair_close_both();
	}
}

static void do_nothing(int unused)
{
	(void)unused;
}

Test(families, a_signal_ends_a_read_that_waits)
{
	struct sigaction action = { .sa_handler = do_nothing };
	static struct reader r;

	cr_assert(!sigaction(SIGUSR1, &action, NULL));
	for (int i = 0; i < 2; i++) {
		pair_network("QUEUE");
		pair_open(0);
		/* read what is not its own first */
		pair_pass(1, "six");
		reader_start(&r, pair[i], 0);
		cr_assert(!pthread_kill(r.thread, SIGUSR1));
		reader_end(&r);
		cr_assert(r.n == -1 && r.error == EINTR, "%zd, errno %d", r.n, r.error);
		cr_assert_str_eq(r.text, "Failed to receive netlink message");
		pair_pass(0, "four");
		pair_pass(1, "six");
		pair_close_both();
	}
}

Test(families, a_descriptor_that_was_closed_is_an_error)
{
	static const int timeouts[] = { 0, -1, SOON };

	pair_network("QUEUE");
	pair_open(0);
	pair_pass(1, "six");
	for (int i = 0; i < 2; i++) {
		close(pair[i]->fd);
		/* poll(2) reports a closed descriptor as ready */
		for (size_t t = 0; t < sizeof(timeouts) / sizeof(*timeouts); t++) {
			cr_assert(ipq_read(pair[i], message.buf, sizeof(message.buf),
					   timeouts[t]) == -1);
			cr_assert(errno == EBADF);
		}
	}
}

/* Each has a queue with its own length and counters. */
Test(families, a_handle_that_is_not_read_fills_its_own_queue_alone)
{
	struct queue_figures f;
	uint64_t dropped;

	NOT_CARRIED(CARRIED_HAS_NO_CTL);
	setenv("LIBIPQ_MAXLEN", "30", 1);
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		for (int n = 0; n < 100; n++)
			pair_say(first, "full");
		for (int n = 0; n < 50; n++) {
			pair_say(!first, "the other");
			expect_of(!first, "the other");
		}
		cr_assert(queue_figures(pair_private(first), &f) && f.waiting == 30);
		cr_assert(!ipq_ctl(pair[first], IPQ_CTL_GET_DROPPED, &dropped) && dropped == 70);
		cr_assert(!ipq_ctl(pair[!first], IPQ_CTL_GET_DROPPED, &dropped) && !dropped);
		for (int n = 0; n < 30; n++)
			pair_expect(first, "full");
		pair_close_both();
	}
}

/* Then there can be neither a mover nor a private number: the request of the second
 * handle is refused, and may be repeated. */
Test(families, without_a_descriptor_to_spare_the_second_is_refused_and_may_ask_again)
{
	struct rlimit before, none;

	NOT_SUPERVISED("it needs none of the program's");
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	pair_make(1);
	cr_assert(!getrlimit(RLIMIT_NOFILE, &before));
	/* the lowest that is not in use */
	none = (struct rlimit) { dup(0), before.rlim_max };
	close(none.rlim_cur);
	cr_assert(!setrlimit(RLIMIT_NOFILE, &none));
	ipq_set_mode(pair[1], IPQ_COPY_PACKET, 0);
	cr_assert(!setrlimit(RLIMIT_NOFILE, &before));
	cr_assert(queue_error(pair[1]) == EBUSY);
	pair_pass(0, "four");
	pair_start(1);
	pair_pass(0, "four");
	pair_pass(1, "six");
	pair_close_both();
}

static long start_and_pass_six(long unused)
{
	(void)unused;
	return ipq_read(pair[1], message.buf, sizeof(message.buf), SOON) > 0 &&
	       ipq_set_verdict(pair[1], ipq_get_packet(message.buf)->packet_id, NF_ACCEPT, 0,
			       NULL) > 0;
}

Test(families, a_handle_whose_copy_a_child_has_gets_its_packets_there)
{
	struct process child;

	pair_network("QUEUE");
	pair_open(0);
	child = process_start();
	close(pair[1]->fd);
	free(pair[1]);
	pair[1] = NULL;
	pair_say(1, "six");
	pair_pass(0, "four");
	cr_assert(process_do(&child, start_and_pass_six, 0));
	udp_expect(pair_heard[1], "six");
	process_end(&child);
	pair_close(0);
}
