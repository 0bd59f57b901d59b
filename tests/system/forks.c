/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One handle in several processes, as in programs that fork: the queue belongs to the
 * open socket, not to the process (FACTS 5, 6). */
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "network.h"
#include "peer.h"
#include "process.h"
#include "queue.h"

TestSuite(forks, .timeout = 60);

static void add_rule(void)
{
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
}

/* Like daemon(3): the child continues. */
static long leave_to_a_child(long unused)
{
	(void)unused;
	if (fork())
		_exit(0);
	return getpid();
}

Test(forks, a_child_gives_verdicts_and_modes_in_its_parents_name)
{
	struct process child;
	long id;
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	child = process_start();
	udp_say(AF_INET, 5000, "let through");
	id = peer_packet(0);
	cr_assert(process_do(&child, peer_accept, id) == VERDICT_SENT);
	udp_expect(heard, "let through");
	process_do(&child, peer_accept, id);
	queue_refusal(peer, ENOENT, IPQM_VERDICT,
		      (unsigned long[]) { NF_ACCEPT, id, 0 }, NULL, 0);
	process_do(&child, peer_mode, 3);
	queue_refusal(peer, EINVAL, IPQM_MODE, (unsigned long[]) { 3, 0, 0 }, NULL, 16);
	process_end(&child);
	peer_close(0);
}

Test(forks, a_child_whose_parent_exited_has_the_queue)
{
	struct process daemon;
	siginfo_t info;
	long id;
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	daemon = process_start();
	cr_assert(process_do(&daemon, peer_open, PF_INET));
	cr_assert(process_do(&daemon, leave_to_a_child, 0) != daemon.pid);
	cr_assert(!waitid(P_PID, daemon.pid, &info, WEXITED | WNOWAIT));

	cr_assert(process_do(&daemon, peer_mode, IPQ_COPY_META) == MODE_SENT);
	udp_say(AF_INET, 5000, "let through");
	id = process_do(&daemon, peer_packet, 0);
	cr_assert(process_do(&daemon, peer_accept, id) == VERDICT_SENT);
	udp_expect(heard, "let through");
	cr_assert(process_do(&daemon, peer_silent, 0));
	process_end(&daemon);
}

Test(forks, a_queue_claimed_by_a_child_is_its_parents_as_well)
{
	struct process child;
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	peer_open(PF_INET);
	child = process_start();
	process_do(&child, peer_mode, IPQ_COPY_META);
	udp_say(AF_INET, 5000, "let through");
	peer_accept(process_do(&child, peer_packet, 0));
	udp_expect(heard, "let through");
	peer_mode(IPQ_COPY_PACKET);
	peer_mode(3);
	cr_assert(queue_error(peer) == EINVAL);
	cr_assert(queue_silent(peer));
	process_end(&child);
	peer_close(0);
}

Test(forks, a_child_that_destroys_its_copy_or_exits_leaves_the_queue)
{
	struct process child;
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 5000, "pending");
	child = process_start();
	process_do(&child, peer_close, 0);
	process_end(&child);
	child = process_start();
	process_end(&child);
	cr_assert(peer_waiting() == 1);
	peer_accept(peer_packet(0));
	udp_expect(heard, "pending");
	cr_assert(queue_silent(peer));
	peer_close(0);
}

Test(forks, the_queue_outlives_its_owner_while_a_child_has_the_descriptor)
{
	struct process child;
	long id;
	int heard;

	network_enter();
	add_rule();
	heard = udp_open(AF_INET, 5000);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 5000, "pending");
	child = process_start();
	peer_close(0);
	cr_assert(peer_waiting() == 1);
	id = process_do(&child, peer_packet, 0);
	process_do(&child, peer_accept, id);
	udp_expect(heard, "pending");
	process_end(&child);
	cr_assert(peer_owner() == 0);
}
