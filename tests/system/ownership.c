/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who owns the queue, and what happens to its packets when the owner or the mode
 * changes (FACTS 6). */
#include <sched.h>

#include <criterion/criterion.h>

#include "network.h"
#include "peer.h"
#include "process.h"
#include "queue.h"

TestSuite(ownership, .timeout = 60);

#define BAD_MODE 3
#define BAD_VERDICT 0xff
#define UNKNOWN_ID 4711

static void add_rule(void)
{
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
}

/* Packets sent before must not have arrived. On lo, packets arrive in the order in which
 * they are accepted. */
static void assert_nothing_arrived(int heard)
{
	run("iptables-legacy -F OUTPUT");
	udp_say(AF_INET, 5000, "after");
	udp_expect(heard, "after");
}

static int give_bad_verdict(ipq_id_t id)
{
	return ipq_set_verdict(peer, id, BAD_VERDICT, 0, NULL);
}

static long enter_new_network(long unused)
{
	(void)unused;
	return unshare(CLONE_NEWNET);
}

/* Starts a process that owns the queue. */
static struct process start_owner(uint8_t mode)
{
	struct process owner = process_start();

	cr_assert(process_do(&owner, peer_open, PF_INET));
	cr_assert(process_do(&owner, peer_mode, mode) == MODE_SENT);
	cr_assert(peer_owner() == owner.pid);
	return owner;
}

Test(ownership, packets_are_dropped_silently_while_there_is_no_handle)
{
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	udp_say(AF_INET, 5000, "before");
	assert_nothing_arrived(heard);
}

Test(ownership, packets_are_dropped_silently_while_no_mode_was_asked_for)
{
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	cr_assert(peer_open(PF_INET));
	udp_say(AF_INET, 5000, "before");
	cr_assert(queue_silent(peer));
	assert_nothing_arrived(heard);
	peer_close(0);
}

Test(ownership, packets_are_dropped_silently_and_uncounted_in_mode_none)
{
	struct queue_figures f;
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	peer = queue_open(PF_INET, IPQ_COPY_NONE, 0);
	udp_say(AF_INET, 5000, "before");
	cr_assert(queue_silent(peer));
	cr_assert(queue_figures(0, &f));
	cr_assert(f.waiting == 0 && f.dropped_full == 0 && f.dropped_socket == 0);
	assert_nothing_arrived(heard);
	peer_close(0);
}

Test(ownership, another_process_is_refused_with_ebusy)
{
	struct process owner;

	network_enter();
	owner = start_owner(IPQ_COPY_META);
	cr_assert(peer_open(PF_INET));
	cr_assert(ipq_set_mode(peer, IPQ_COPY_META, 0) == MODE_SENT);
	cr_assert(queue_error(peer) == EBUSY);
	cr_assert(peer_accept(UNKNOWN_ID) == VERDICT_SENT);
	cr_assert(queue_error(peer) == EBUSY);
	cr_assert(queue_silent(peer));
	peer_close(0);
	process_end(&owner);
}

Test(ownership, another_process_is_refused_with_ebusy_before_einval)
{
	struct process owner;

	network_enter();
	owner = start_owner(IPQ_COPY_META);
	cr_assert(peer_open(PF_INET));
	cr_assert(peer_mode(BAD_MODE) == MODE_SENT);
	cr_assert(queue_error(peer) == EBUSY);
	cr_assert(give_bad_verdict(UNKNOWN_ID) == VERDICT_SENT);
	cr_assert(queue_error(peer) == EBUSY);
	cr_assert(queue_silent(peer));
	peer_close(0);
	process_end(&owner);
}

Test(ownership, the_owner_sees_nothing_of_a_process_that_is_refused)
{
	struct process other;
	struct queue_figures f;
	union message m;
	ipq_id_t id;
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	other = process_start();
	peer = queue_open(PF_INET, IPQ_COPY_PACKET, 100);
	udp_say(AF_INET, 5000, "mine");
	id = queue_packet(peer, &m)->packet_id;

	cr_assert(process_do(&other, peer_open, PF_INET));
	process_do(&other, peer_mode, IPQ_COPY_META);
	process_do(&other, peer_accept, id);
	cr_assert(process_do(&other, peer_error, 0) == EBUSY);
	cr_assert(process_do(&other, peer_error, 0) == EBUSY);

	cr_assert(queue_silent(peer));
	cr_assert(queue_figures(0, &f));
	cr_assert(f.mode == IPQ_COPY_PACKET && f.range == 100 && f.waiting == 1);
	cr_assert(peer_accept(id) == VERDICT_SENT);
	udp_expect(heard, "mine");
	cr_assert(queue_silent(peer));
	process_end(&other);
	peer_close(0);
}

Test(ownership, another_process_takes_over_by_asking_again_once_the_owner_exited)
{
	struct process owner;
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	owner = start_owner(IPQ_COPY_META);
	cr_assert(peer_open(PF_INET));
	peer_mode(IPQ_COPY_META);
	cr_assert(queue_error(peer) == EBUSY);
	process_end(&owner);

	udp_say(AF_INET, 5000, "nobody's");
	cr_assert(queue_silent(peer));
	peer_mode(IPQ_COPY_META);
	cr_assert(peer_owner() == getpid());
	udp_say(AF_INET, 5000, "mine");
	peer_accept(peer_packet(0));
	udp_expect(heard, "mine");
	cr_assert(queue_silent(peer));
	peer_close(0);
}

Test(ownership, another_process_takes_over_by_asking_again_once_the_owner_destroyed)
{
	struct process owner;

	network_enter();
	owner = start_owner(IPQ_COPY_META);
	cr_assert(peer_open(PF_INET));
	peer_mode(IPQ_COPY_META);
	cr_assert(queue_error(peer) == EBUSY);
	process_do(&owner, peer_close, 0);
	cr_assert(peer_owner() == 0);
	peer_mode(IPQ_COPY_META);
	cr_assert(peer_owner() == getpid());
	cr_assert(queue_silent(peer));
	process_end(&owner);
	peer_close(0);
}

Test(ownership, packets_pending_are_dropped_when_the_owner_exits)
{
	struct process owner;
	long id;
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	owner = start_owner(IPQ_COPY_META);
	udp_say(AF_INET, 5000, "read");
	udp_say(AF_INET, 5000, "unread");
	id = process_do(&owner, peer_packet, 0);
	cr_assert(peer_waiting() == 2);
	process_end(&owner);
	cr_assert(peer_owner() == 0);

	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(queue_silent(peer));
	cr_assert(peer_waiting() == 0);
	peer_accept(id);
	cr_assert(queue_error(peer) == ENOENT);
	assert_nothing_arrived(heard);
	peer_close(0);
}

Test(ownership, packets_pending_are_dropped_when_the_handle_is_destroyed)
{
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 5000, "read");
	udp_say(AF_INET, 5000, "unread");
	cr_assert(peer_packet(0) > 0);
	peer_close(0);
	cr_assert(peer_owner() == 0);

	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(queue_silent(peer));
	cr_assert(peer_waiting() == 0);
	assert_nothing_arrived(heard);
	peer_close(0);
}

Test(ownership, mode_none_leaves_pending_packets_and_drops_new_ones)
{
	struct queue_figures f;
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 5000, "pending");
	peer_mode(IPQ_COPY_NONE);
	udp_say(AF_INET, 5000, "new");
	cr_assert(queue_figures(0, &f));
	cr_assert(f.waiting == 1 && f.dropped_full == 0 && f.dropped_socket == 0);
	peer_accept(peer_packet(0));
	udp_expect(heard, "pending");
	cr_assert(queue_silent(peer));

	peer_mode(IPQ_COPY_META);
	udp_say(AF_INET, 5000, "resumed");
	peer_accept(peer_packet(0));
	udp_expect(heard, "resumed");
	peer_close(0);
}

Test(ownership, a_new_mode_is_for_packets_queued_later)
{
	union message m;

	network_enter();
	add_rule();
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 5000, "1234");
	peer_mode(IPQ_COPY_PACKET);
	udp_say(AF_INET, 5000, "1234");
	peer_mode(IPQ_COPY_META);
	udp_say(AF_INET, 5000, "1234");
	cr_assert(queue_packet(peer, &m)->data_len == 0);
	cr_assert(queue_packet(peer, &m)->data_len == 32);
	cr_assert(queue_packet(peer, &m)->data_len == 0);
	peer_close(0);
}

/* This process must own the queue, though no request of it has succeeded yet, and must be
 * able to set a mode. */
static void assert_claimed_by_that(void)
{
	struct process other = process_start();
	struct queue_figures f;

	cr_assert(peer_owner() == getpid());
	cr_assert(queue_figures(0, &f) && f.mode == IPQ_COPY_NONE);
	process_do(&other, peer_open, PF_INET);
	process_do(&other, peer_mode, IPQ_COPY_META);
	cr_assert(process_do(&other, peer_error, 0) == EBUSY);
	process_end(&other);

	cr_assert(peer_mode(IPQ_COPY_META) == MODE_SENT);
	cr_assert(queue_silent(peer));
	cr_assert(queue_figures(0, &f) && f.mode == IPQ_COPY_META);
}

Test(ownership, a_first_request_for_an_unknown_mode_claims_the_queue)
{
	network_enter();
	peer_open(PF_INET);
	cr_assert(peer_mode(BAD_MODE) == MODE_SENT);
	cr_assert(queue_error(peer) == EINVAL);
	assert_claimed_by_that();
	peer_close(0);
}

Test(ownership, a_first_request_for_mode_none_claims_the_queue)
{
	network_enter();
	peer_open(PF_INET);
	cr_assert(peer_mode(IPQ_COPY_NONE) == MODE_SENT);
	cr_assert(queue_silent(peer));
	assert_claimed_by_that();
	peer_close(0);
}

Test(ownership, a_first_verdict_for_an_unknown_packet_claims_the_queue)
{
	network_enter();
	peer_open(PF_INET);
	cr_assert(peer_accept(UNKNOWN_ID) == VERDICT_SENT);
	cr_assert(queue_error(peer) == ENOENT);
	assert_claimed_by_that();
	peer_close(0);
}

Test(ownership, a_first_verdict_of_an_unknown_value_claims_the_queue)
{
	network_enter();
	peer_open(PF_INET);
	cr_assert(give_bad_verdict(UNKNOWN_ID) == VERDICT_SENT);
	cr_assert(queue_error(peer) == EINVAL);
	assert_claimed_by_that();
	peer_close(0);
}

Test(ownership, each_network_namespace_has_an_owner)
{
	struct process other;

	network_enter();
	other = process_start();
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(process_do(&other, enter_new_network, 0) == 0);
	cr_assert(process_do(&other, peer_open, PF_INET));
	process_do(&other, peer_mode, IPQ_COPY_META);
	cr_assert(process_do(&other, peer_silent, 0));
	cr_assert(peer_owner() == getpid());
	process_end(&other);
	peer_close(0);
}
