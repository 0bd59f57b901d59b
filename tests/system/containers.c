/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs in one network namespace and different PID namespaces, such as containers in
 * the host's network or in one pod: each has queue numbers of its own (FACTS 1, 6). And
 * one program in several network namespaces. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "network.h"
#include "peer.h"
#include "process.h"
#include "queue.h"

TestSuite(containers, .timeout = 60);

static long process_id(long unused)
{
	(void)unused;
	return getpid();
}

static long shown_id(long unused)
{
	(void)unused;
	return peer->local.nl_pid;
}

/* Creates a handle of the family with the queue number. Returns 0, or
 * errno on failure. */
static long open_at(long family, long queue)
{
	char number[16];

	snprintf(number, sizeof(number), "%ld", queue);
	setenv("LIBIPQ_QUEUE", number, 1);
	errno = 0;
	return peer_open(family) ? 0 : errno;
}

static long open_v4(long queue)
{
	return open_at(PF_INET, queue);
}

static long open_v6(long queue)
{
	return open_at(PF_INET6, queue);
}

/* Returns the process that an error message is addressed to, for an unknown mode. */
static long refused_as(long unused)
{
	union message m;

	(void)unused;
	if (ipq_set_mode(peer, 77, 0) < 0 ||
	    ipq_read(peer, m.buf, sizeof(m.buf), SOON) < 0 || ipq_get_msgerr(m.buf) != EINVAL)
		return -1;
	return m.nlh.nlmsg_pid;
}

static void send_to(int queue)
{
	udp_say(AF_INET, 5000 + queue, "hello");
}

/* A packet sent to the queue must be read by the process, and arrive. */
static void pass(const struct process *p, int queue)
{
	int heard = udp_open(AF_INET, 5000 + queue);

	run("iptables-legacy -F && iptables-legacy -A OUTPUT -p udp --dport %d "
	    "-j NFQUEUE --queue-num %d", 5000 + queue, queue);
	send_to(queue);
	cr_assert(process_do(p, peer_accept, process_do(p, peer_packet, 0)) == VERDICT_SENT);
	udp_expect(heard, "hello");
	close(heard);
}

static void make(const struct process *p, long (*open)(long), int queue)
{
	long error = process_do(p, open, queue);

	cr_assert(!error, "queue %d: %s", queue, strerror(error));
	cr_assert(process_do(p, peer_mode, IPQ_COPY_META) == MODE_SENT);
}

/* Processes share memory with libipq's tables if a common ancestor had
 * created a handle. */
static void have_handle_first(bool have)
{
	if (!have)
		return;
	setenv("LIBIPQ_QUEUE", "9", 1);
	peer_open(PF_INET);
	peer_close(0);
}

Test(containers, two_programs_have_a_queue_number_each_though_both_are_process_1)
{
	struct process p[2];

	for (int shared = 0; shared < 2; shared++) {
		network_enter();
		have_handle_first(shared);
		for (int i = 0; i < 2; i++) {
			p[i] = process_start_contained(false);
			cr_assert(process_do(&p[i], process_id, 0) == 1);
		}
		for (int i = 0; i < 2; i++)
			make(&p[i], open_v4, 1 + i);
		for (int i = 0; i < 2; i++) {
			pass(&p[i], 1 + i);
			cr_assert(process_do(&p[i], shown_id, 0) == 1);
			cr_assert(process_do(&p[i], refused_as, 0) == 1);
		}
		for (int i = 0; i < 2; i++)
			process_end(&p[i]);
	}
}

Test(containers, two_programs_have_a_number_each_for_ipv6)
{
	struct process p[2];

	network_enter();
	for (int i = 0; i < 2; i++) {
		p[i] = process_start_contained(false);
		make(&p[i], open_v6, 1 + i);
		cr_assert(process_do(&p[i], refused_as, 0) == 1);
	}
	for (int i = 0; i < 2; i++)
		process_end(&p[i]);
}

Test(containers, the_same_number_is_refused_with_ebusy)
{
	struct process p[2];

	network_enter();
	for (int i = 0; i < 2; i++)
		p[i] = process_start_contained(false);
	make(&p[0], open_v4, 1);
	cr_assert(process_do(&p[1], open_v4, 1) == 0);
	cr_assert(process_do(&p[1], peer_mode, IPQ_COPY_META) == MODE_SENT);
	cr_assert(process_do(&p[1], peer_error, 0) == EBUSY);
	pass(&p[0], 1);
	process_end(&p[0]);
	cr_assert(process_do(&p[1], peer_mode, IPQ_COPY_META) == MODE_SENT);
	pass(&p[1], 1);
	process_end(&p[1]);
}

Test(containers, a_second_handle_of_one_program_is_refused_in_each)
{
	struct process p[2];

	for (int shared = 0; shared < 2; shared++) {
		network_enter();
		have_handle_first(shared);
		for (int i = 0; i < 2; i++) {
			p[i] = process_start_contained(false);
			make(&p[i], open_v4, 1 + i);
		}
		for (int i = 0; i < 2; i++) {
			cr_assert(process_do(&p[i], open_v4, 1 + i) == EADDRINUSE);
			process_end(&p[i]);
		}
	}
}

/* More programs than there are port IDs for one process id. */
Test(containers, any_number_of_programs_run)
{
	struct process p[70];

	network_enter();
	for (int i = 0; i < 70; i++) {
		p[i] = process_start_contained(false);
		make(&p[i], open_v4, i);
		cr_assert(process_do(&p[i], refused_as, 0) == 1);
	}
	pass(&p[0], 0);
	pass(&p[69], 69);
	for (int i = 0; i < 70; i++)
		process_end(&p[i]);
}

static const char *said_of_ebusy(void)
{
	static char text[4096];
	const char *said;
	int error;

	stderr_keep();
	peer_open(PF_INET);
	peer_mode(IPQ_COPY_META);
	error = peer_error(0);
	said = stderr_kept();
	peer_close(0);
	snprintf(text, sizeof(text), "%s", said);
	return error == EBUSY ? text : "no EBUSY";
}

static long says_unseen(long unused)
{
	const char *said = said_of_ebusy();

	(void)unused;
	return strstr(said, ", a process that cannot be seen from here") &&
	       !strstr(said, "process 1");
}

/* Process 1 of the second namespace must not be named instead. */
Test(containers, the_owner_in_another_one_is_said_not_to_be_seen)
{
	struct process owner, other;

	network_enter();
	setenv("LIBIPQ_DEBUG", "1", 1);
	owner = process_start_contained(false);
	make(&owner, open_v4, 1);
	setenv("LIBIPQ_QUEUE", "1", 1);
	other = process_start_contained(true);
	cr_assert(process_do(&other, says_unseen, 0));
	process_end(&other);
	process_end(&owner);
}

Test(containers, the_owner_is_named_by_the_id_it_has_for_who_asks)
{
	struct process owner;
	const char *said;
	char who[32];

	network_enter();
	owner = process_start_contained(true);
	make(&owner, open_v4, 1);
	setenv("LIBIPQ_QUEUE", "1", 1);
	setenv("LIBIPQ_DEBUG", "1", 1);
	said = said_of_ebusy();
	snprintf(who, sizeof(who), ", process %d (", owner.pid);
	assert_says(said, who);
	process_end(&owner);
}

Test(containers, a_program_may_go_through_any_number_of_network_namespaces)
{
	/* 32-bit programs have no address space for so many batches */
	if (sizeof(void *) == 4)
		unsetenv("LIBIPQ_BATCH");
	for (int i = 0; i < 140; i++) {
		cr_assert(!unshare(CLONE_NEWNET), "%s", strerror(errno));
		cr_assert(peer_open(PF_INET), "%d: %s: %s", i, ipq_errstr(), strerror(errno));
		cr_assert(peer_mode(IPQ_COPY_META) == MODE_SENT);
		cr_assert(peer_close(0));
	}
}
