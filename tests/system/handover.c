/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6 handles of one program on one queue number: one is created, sets a mode,
 * sets IPQ_COPY_NONE or is destroyed while the other is in use (FACTS 6, 8). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "pair.h"
#include "peer.h"
#include "process.h"

TestSuite(handover, .timeout = 60);

static union message message;

/* The state of the two handles. */
static enum { GONE, MADE, ACTIVE } state[2];

/* Packets must arrive if the handle of their family is active; others are dropped. */
static void expect_traffic(void)
{
	char text[16];

	for (int i = 0; i < 2; i++)
		if (state[i] == ACTIVE)
			pair_pass(i, "hello");
		else
			pair_say(i, "dropped");
	cr_assert(pair_silent());
	for (int i = 0; i < 2; i++)
		cr_assert(udp_hear(pair_heard[i], text, sizeof(text), 0) < 0, "\"%s\"", text);
}

static void step(int i)
{
	if (state[i] == GONE)
		pair_make(i);
	else if (state[i] == MADE)
		pair_start(i);
	else
		pair_close(i);
	state[i] = (state[i] + 1) % 3;
	expect_traffic();
}

/* Bit n of order tells which handle takes step n. Each is created, activated and
 * destroyed twice. */
Test(handover, in_every_order_of_making_asking_and_destroying_packets_arrive)
{
	struct queue_figures f;

	pair_network("QUEUE");
	for (unsigned int order = 0; order < 64; order++) {
		if (__builtin_popcount(order) != 3)
			continue;
		for (int n = 0; n < 12; n++)
			step(order >> n % 6 & 1);
		cr_assert(!queue_figures(0, &f) && state[0] == GONE && state[1] == GONE);
	}
}

Test(handover, either_may_go_and_come_again)
{
	pair_network("QUEUE");
	pair_open(0);
	for (int round = 0; round < 20; round++) {
		int gone = round / 2 % 2, stays = !gone;

		/* a packet that waits in the socket of the handle that is destroyed */
		pair_say(stays, "waits");
		pair_close(gone);
		pair_expect(stays, "waits");
		pair_pass(stays, "one");
		pair_make(gone);
		pair_start(gone);
		pair_pass(0, "two");
		pair_pass(1, "two");
	}
	pair_close_both();
}

/* In order, and with a packet whose id the handle had already read. */
Test(handover, many_that_wait_when_one_goes_arrive_in_order)
{
	ipq_id_t id;
	char text[16];

	for (int gone = 0; gone < 2; gone++) {
		pair_network("QUEUE");
		pair_open(gone);
		pair_say(!gone, "got");
		id = pair_packet(!gone, "got")->packet_id;
		for (int n = 0; n < 500; n++) {
			snprintf(text, sizeof(text), "%d", n);
			pair_say(!gone, text);
			pair_say(gone, text);
		}
		pair_close(gone);
		for (int n = 0; n < 500; n++) {
			snprintf(text, sizeof(text), "%d", n);
			pair_expect(!gone, text);
		}
		cr_assert(pair_silent());
		ipq_set_verdict(pair[!gone], id, NF_ACCEPT, 0, NULL);
		udp_expect(pair_heard[!gone], "got");
		pair_close(!gone);
	}
}

static void mode_none(int i)
{
	errno = 0;
	cr_assert(ipq_set_mode(pair[i], IPQ_COPY_NONE, 0) == MODE_SENT);
	cr_assert(errno == 0, "errno %d", errno);
}

Test(handover, either_may_ask_for_no_packets_and_for_packets_again)
{
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		for (int round = 0; round < 10; round++) {
			int none = round % 2;

			mode_none(none);
			pair_pass(!none, "alone");
			pair_say(none, "dropped");
			pair_pass(!none, "alone");
			cr_assert(pair_silent());
			pair_start(none);
			pair_pass(none, "both");
			pair_pass(!none, "both");
		}
		pair_close_both();
	}
}

Test(handover, two_handles_may_ask_for_no_packets_and_either_for_packets_again)
{
	for (int order = 0; order < 8; order++) {
		int again = order >> 2;

		pair_network("QUEUE");
		pair_open(order & 1);
		mode_none(order >> 1 & 1);
		mode_none(!(order >> 1 & 1));
		pair_say(0, "dropped");
		pair_say(1, "dropped");
		cr_assert(pair_silent());
		pair_start(again);
		pair_pass(again, "alone");
		pair_start(!again);
		pair_pass(!again, "both");
		pair_pass(again, "both");
		pair_close_both();
	}
}

Test(handover, either_may_be_made_while_the_other_asks_for_no_packets)
{
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_make(first);
		mode_none(first);
		pair_make(!first);
		pair_start(!first);
		pair_pass(!first, "alone");
		pair_start(first);
		pair_pass(first, "both");
		pair_pass(!first, "both");
		pair_close(!first);
		pair_pass(first, "alone");
		pair_close(first);
	}
}

/* A request claims the number even if it is refused (FACTS 5). */
Test(handover, a_first_request_that_is_refused_leaves_the_other_its_packets)
{
	for (int order = 0; order < 4; order++) {
		int refused = order & 1;
		union message m;

		pair_network("QUEUE");
		pair_make(refused);
		if (order >> 1) {
			ipq_set_mode(pair[refused], 3, 0);
			pair_make(!refused);
		} else {
			pair_make(!refused);
			ipq_set_verdict(pair[refused], 7, NF_ACCEPT, 0, NULL);
		}
		pair_start(!refused);
		pair_say(!refused, "before it is read");
		cr_assert(ipq_read(pair[!refused], m.buf, sizeof(m.buf), SOON) > 0);
		cr_assert(m.nlh.nlmsg_type == IPQM_PACKET, "message type %d", m.nlh.nlmsg_type);
		ipq_set_verdict(pair[!refused], ipq_get_packet(m.buf)->packet_id, NF_ACCEPT, 0,
				NULL);
		udp_expect(pair_heard[!refused], "before it is read");
		cr_assert(queue_error(pair[refused]) == (order >> 1 ? EINVAL : ENOENT));
		pair_pass(!refused, "alone");
		pair_start(refused);
		pair_pass(0, "both");
		pair_pass(1, "both");
		pair_close_both();
	}
}

/* As with ip_queue (FACTS 6), except for packets that were read but not decided on: the
 * kernel drops these with the queue that the other handle takes over. */
Test(handover, who_asks_for_no_packets_keeps_those_that_wait_unread)
{
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		pair_say(first, "one");
		pair_say(first, "two");
		mode_none(first);
		pair_expect(first, "one");
		pair_expect(first, "two");
		pair_say(first, "dropped");
		pair_close_both();
	}
}

Test(handover, who_asks_for_no_packets_leaves_those_of_the_other_that_wait)
{
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		pair_say(!first, "waits");
		mode_none(first);
		pair_expect(!first, "waits");
		pair_close_both();
	}
}

Test(handover, who_asks_for_no_packets_keeps_those_that_wait_when_the_other_is_made_then)
{
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	pair_say(0, "waits");
	mode_none(0);
	pair_make(1);
	pair_start(1);
	pair_expect(0, "waits");
	pair_pass(1, "alone");
	pair_close_both();
}

Test(handover, either_may_ask_for_headers_alone_and_for_packets_again)
{
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		for (int i = 0; i < 2; i++) {
			int which;

			cr_assert(ipq_set_mode(pair[i], IPQ_COPY_META, 0) == MODE_SENT);
			pair_pass(!i, "the other as before");
			pair_say(i, "hello");
			which = pair_next(&message);
			cr_assert(which == i && message.nlh.nlmsg_type == IPQM_PACKET);
			cr_assert(ipq_get_packet(message.buf)->data_len == 0);
			ipq_set_verdict(pair[i], ipq_get_packet(message.buf)->packet_id,
					NF_ACCEPT, 0, NULL);
			udp_expect(pair_heard[i], "hello");
			pair_start(i);
			pair_pass(i, "packets");
		}
		pair_close_both();
	}
}

/* More packets than it has room for. */
Test(handover, a_small_buffer_of_one_keeps_nothing_of_the_other_back)
{
	pair_network("QUEUE");
	setenv("LIBIPQ_RCVBUF", "5000", 1);
	pair_make(0);
	pair_start(0);
	unsetenv("LIBIPQ_RCVBUF");
	pair_make(1);
	pair_start(1);
	for (int n = 0; n < 100; n++) {
		pair_say(0, "too many");
		pair_say(1, "many");
	}
	pair_close(0);
	for (int n = 0; n < 100; n++)
		pair_expect(1, "many");
	pair_pass(1, "afterwards");
	pair_close(1);
}

/* A program that does not use libipq binds and unbinds queue numbers. */
static void command(int fd, uint8_t command, unsigned int queue)
{
	struct {
		struct nlmsghdr nlh;
		struct nfgenmsg nfgen;
		struct nlattr attr;
		struct nfqnl_msg_config_cmd cmd;
	} request = {
		.nlh = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.nfgen.res_id = htons(queue),
		.attr = {
			.nla_len = sizeof(request.attr) + sizeof(request.cmd),
			.nla_type = NFQA_CFG_CMD,
		},
		.cmd.command = command,
	};

	cr_assert(send(fd, &request, sizeof(request), 0) == sizeof(request));
}

static int take_private_numbers(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	cr_assert(fd >= 0);
	for (unsigned int n = 64512; n <= 65535; n++)
		command(fd, NFQNL_CFG_CMD_BIND, n);
	return fd;
}

Test(handover, without_a_private_number_left_the_second_is_refused_and_may_ask_again)
{
	int other;

	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		other = take_private_numbers();
		pair_make(first);
		pair_start(first);
		pair_make(!first);
		pair_start(!first);
		cr_assert(queue_error(pair[!first]) == EBUSY);
		pair_pass(first, "alone");
		command(other, NFQNL_CFG_CMD_UNBIND, 65000);
		command(other, NFQNL_CFG_CMD_UNBIND, 65001);
		pair_start(!first);
		cr_assert(pair_private(0) + pair_private(1) == 65000 + 65001);
		pair_pass(0, "both");
		pair_pass(1, "both");
		pair_close_both();
		close(other);
	}
}

/* The mover keeps the queue number, and the other handle its private one, until there are
 * packets to move. */
Test(handover, without_one_left_who_asked_for_no_packets_may_ask_again_or_go)
{
	int other;

	for (int goes = 0; goes < 2; goes++) {
		pair_network("QUEUE");
		pair_open(0);
		other = take_private_numbers();
		mode_none(0);
		cr_assert(pair_silent());
		if (goes) {
			pair_close(0);
		} else {
			pair_start(0);
			pair_pass(0, "both");
		}
		pair_pass(1, "the other");
		pair_close(1);
		if (!goes)
			pair_close(0);
		close(other);
	}
}

/* Programs that call close(h->fd) instead of ipq_destroy_handle. */
static void close_only(int i)
{
	close(pair[i]->fd);
	free(pair[i]);
	pair[i] = NULL;
}

Test(handover, a_handle_closed_behind_our_back_can_be_made_again)
{
	for (int first = 0; first < 2; first++)
		for (int closed = 0; closed < 2; closed++) {
			pair_network("QUEUE");
			pair_open(first);
			close_only(closed);
			pair_make(closed);
			pair_start(closed);
			pair_pass(closed, "made again");
			pair_pass(!closed, "there before");
			pair_close_both();
		}
}

static long open_number(long number)
{
	char text[8];

	snprintf(text, sizeof(text), "%ld", number);
	setenv("LIBIPQ_QUEUE", text, 1);
	return peer_open(PF_INET6) && peer_mode(IPQ_COPY_META) > 0;
}

Test(handover, a_number_is_not_lost_to_a_stranger_when_one_handle_is_closed)
{
	int other;

	pair_network("QUEUE");
	pair_open(1);
	close_only(1);
	other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	command(other, NFQNL_CFG_CMD_BIND, 0);
	pair_make(1);
	pair_start(1);
	pair_pass(1, "six");
	pair_pass(0, "four");
	close(other);
	pair_close_both();
}

Test(handover, what_was_for_one_that_is_gone_goes_to_no_stranger)
{
	struct process stranger;
	unsigned int number;
	union message m;

	for (int destroyed = 0; destroyed < 2; destroyed++) {
		pair_network("QUEUE");
		/* before there are descriptors that it would inherit */
		stranger = process_start();
		pair_open(0);
		number = pair_private(1);
		cr_assert(number);
		destroyed ? pair_close(1) : close_only(1);
		cr_assert(process_do(&stranger, open_number, number));
		pair_say(1, "dropped");
		ipq_read(pair[0], m.buf, sizeof(m.buf), -1);
		cr_assert(process_do(&stranger, peer_silent, 0), "a stranger got the packet");
		process_end(&stranger);
		pair_close(0);
	}
}

static size_t pages(void)
{
	FILE *statm = fopen("/proc/self/statm", "re");
	size_t n = 0;

	cr_assert(statm && fscanf(statm, "%zu", &n) == 1);
	fclose(statm);
	return n;
}

static void open_and_close(int first)
{
	pair_open(first);
	pair_close(first);
	pair_close(!first);
}

Test(handover, many_pairs_leave_nothing_behind)
{
	size_t memory;
	int fds;

	pair_network("QUEUE");
	open_and_close(0);
	fds = open_descriptors();
	memory = pages();
	for (int n = 0; n < 200; n++)
		open_and_close(n % 2);
	cr_assert(open_descriptors() == fds);
	/* if each round kept two handles, these would be 60 pages */
	cr_assert(pages() < memory + 40, "%zu pages more", pages() - memory);
	pair_open(0);
	pair_pass(0, "hello");
	pair_pass(1, "hello");
	pair_close_both();
}

/* Private numbers are allotted in memory that the processes share. */
Test(handover, forked_processes_without_number_have_pairs_one_after_the_other)
{
	int status;

	pair_network("QUEUE");
	open_and_close(0);
	for (int n = 0; n < 300; n++) {
		pid_t pid = fork();

		cr_assert(pid >= 0);
		if (pid == 0) {
			pair[0] = ipq_create_handle(0, PF_INET);
			pair[1] = ipq_create_handle(0, PF_INET6);
			_exit(!pair[0] || !pair[1]);
		}
		cr_assert(waitpid(pid, &status, 0) == pid && status == 0, "process %d", n);
	}
	pair_open(0);
	pair_pass(1, "hello");
	pair_close_both();
}
