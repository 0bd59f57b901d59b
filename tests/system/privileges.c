/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs without CAP_NET_ADMIN, from the start or from some moment on
 * (FACTS 1, last rows). */
#include <criterion/criterion.h>

#include "kernel.h"
#include "network.h"
#include "peer.h"
#include "process.h"
#include "queue.h"

TestSuite(privileges, .timeout = 60);

#define BAD_MODE 77
#define BAD_VERDICT 0xff
#define UNKNOWN_ID 4711

/* The old library sent 16 bytes after the request; they come back as zeros. */
static void assert_mode_is_forbidden(uint8_t mode)
{
	cr_assert(ipq_set_mode(peer, mode, 100) == MODE_SENT);
	queue_refusal(peer, EPERM, IPQM_MODE, (unsigned long[]) { mode, 100, 0 },
		      NULL, 16);
}

static void assert_verdict_is_forbidden(ipq_id_t id, unsigned int value)
{
	cr_assert(ipq_set_verdict(peer, id, value, 0, NULL) == VERDICT_SENT);
	queue_refusal(peer, EPERM, IPQM_VERDICT, (unsigned long[]) { value, id, 0 },
		      NULL, 0);
}

Test(privileges, a_handle_is_made_without_the_capability)
{
	network_enter();
	have_net_admin(false);
	cr_assert(peer_open(PF_INET), "%s", ipq_errstr());
	cr_assert(queue_silent(peer));
	peer_close(0);
}

Test(privileges, a_mode_without_the_capability_gets_eperm_and_claims_nothing)
{
	network_enter();
	have_net_admin(false);
	peer_open(PF_INET);
	assert_mode_is_forbidden(IPQ_COPY_META);
	cr_assert(queue_silent(peer));
	cr_assert(peer_owner() == 0);
	peer_close(0);
}

Test(privileges, a_verdict_without_the_capability_gets_eperm_and_claims_nothing)
{
	network_enter();
	have_net_admin(false);
	peer_open(PF_INET);
	assert_verdict_is_forbidden(UNKNOWN_ID, NF_ACCEPT);
	cr_assert(queue_silent(peer));
	cr_assert(peer_owner() == 0);
	peer_close(0);
}

Test(privileges, eperm_comes_before_einval)
{
	network_enter();
	have_net_admin(false);
	peer_open(PF_INET);
	assert_mode_is_forbidden(BAD_MODE);
	assert_verdict_is_forbidden(UNKNOWN_ID, BAD_VERDICT);
	cr_assert(queue_silent(peer));
	peer_close(0);
}

Test(privileges, eperm_comes_before_ebusy)
{
	struct process owner;

	network_enter();
	owner = process_start();
	cr_assert(process_do(&owner, peer_open, PF_INET));
	process_do(&owner, peer_mode, IPQ_COPY_META);
	cr_assert(peer_owner() == owner.pid);
	have_net_admin(false);
	peer_open(PF_INET);
	assert_mode_is_forbidden(IPQ_COPY_META);
	assert_verdict_is_forbidden(UNKNOWN_ID, NF_ACCEPT);
	cr_assert(queue_silent(peer));
	peer_close(0);
	process_end(&owner);
}

/* The kernel requires the capability also of the process that opened the socket
 * (netlink_ns_capable). */
Test(privileges, a_handle_made_without_the_capability_gets_eperm_even_if_it_is_raised)
{
	NEEDS_KERNEL(3, 15, "a socket with no more rights than its opener");
	network_enter();
	have_net_admin(false);
	peer_open(PF_INET);
	have_net_admin(true);
	assert_mode_is_forbidden(IPQ_COPY_META);
	assert_verdict_is_forbidden(UNKNOWN_ID, NF_ACCEPT);
	cr_assert(queue_silent(peer));
	cr_assert(peer_owner() == 0);
	peer_close(0);
}

Test(privileges, packets_keep_coming_when_it_is_dropped_but_verdicts_get_eperm)
{
	long first, second;
	int heard;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
	heard = udp_open(AF_INET, 5000);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 5000, "first");
	have_net_admin(false);
	udp_say(AF_INET, 5000, "second");
	first = peer_packet(0);
	second = peer_packet(0);
	cr_assert(first > 0 && second > 0);

	assert_verdict_is_forbidden(first, NF_ACCEPT);
	assert_verdict_is_forbidden(second, NF_DROP);
	assert_verdict_is_forbidden(second, BAD_VERDICT);
	assert_verdict_is_forbidden(UNKNOWN_ID, NF_ACCEPT);
	cr_assert(peer_waiting() == 2);
	have_net_admin(true);
	peer_accept(first);
	peer_accept(second);
	udp_expect(heard, "first");
	udp_expect(heard, "second");
	peer_close(0);
}

Test(privileges, a_mode_gets_eperm_when_it_is_dropped_and_changes_nothing)
{
	struct queue_figures f;

	network_enter();
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	have_net_admin(false);
	assert_mode_is_forbidden(IPQ_COPY_NONE);
	assert_mode_is_forbidden(BAD_MODE);
	cr_assert(queue_silent(peer));
	cr_assert(queue_figures(0, &f));
	cr_assert(f.mode == IPQ_COPY_META);
	cr_assert(peer_owner() == getpid());
	peer_close(0);
}
