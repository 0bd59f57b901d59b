/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mover, the process that moves packets if both families have one queue number:
 * whatever the program does, it runs while it is needed and not longer, and the program
 * does not notice it (FACTS 8). */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "movers.h"
#include "network.h"
#include "pair.h"
#include "process.h"
#include "reader.h"

TestSuite(families_movers, .timeout = 60);

static int count_movers(void)
{
	pid_t found[MOVERS_MAX];

	return movers_find(found);
}

/* Waits until there are this many movers. */
static void await_movers(int count)
{
	for (long long end = clock_us() + DEADLINE * 1000LL; clock_us() < end; sched_yield())
		if (count_movers() == count)
			return;
	cr_assert_fail("%d processes, not %d", count_movers(), count);
}

/* Waits until both movers are there. Returns the one that moves packets: it is the other's
 * child, and so no process group leader. */
static pid_t await_worker(void)
{
	pid_t found[MOVERS_MAX];

	await_movers(2);
	movers_find(found);
	return getpgid(found[0]) == found[0] ? found[1] : found[0];
}

static void pass_both(void)
{
	pair_pass(0, "four");
	pair_pass(1, "six");
}

static bool is_free(void)
{
	struct queue_figures f;

	return !queue_figures(0, &f);
}

Test(families_movers, a_handle_alone_or_a_number_each_needs_no_mover)
{
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	pair_pass(0, "four");
	cr_assert(count_movers() == 0);
	setenv("LIBIPQ_QUEUE6", "1", 1);
	pair_make(1);
	pair_start(1);
	pair_pass(0, "four");
	cr_assert(count_movers() == 0);
	pair_close_both();
}

Test(families_movers, movers_end_with_the_second_handle_and_the_number_is_free_at_once)
{
	for (int order = 0; order < 4; order++) {
		pair_network("QUEUE");
		pair_open(order & 1);
		pass_both();
		await_movers(2);
		pair_close(order >> 1);
		pair_pass(!(order >> 1), "alone");
		pair_close(!(order >> 1));
		cr_assert(is_free() && count_movers() == 0);
	}
}

Test(families_movers, a_second_handle_that_fails_leaves_the_mover_of_the_first_alone)
{
	pid_t before[MOVERS_MAX], after[MOVERS_MAX];

	for (int i = 0; i < 2; i++) {
		pair_network("QUEUE");
		pair_open(0);
		pass_both();
		await_movers(2);
		movers_find(before);
		pair_close(!i);
		cr_assert(!ipq_create_handle(0, pair_family(i)));
		pair_pass(i, "alone");
		cr_assert(movers_find(after) == 2 && before[0] == after[0]);
		pair_close(i);
	}
}

Test(families_movers, a_mover_that_is_killed_is_started_again_and_loses_nothing)
{
	pair_network("QUEUE");
	pair_open(0);
	for (int n = 0; n < 20; n++) {
		pid_t worker = await_worker();

		pair_say(1, "before");
		cr_assert(!kill(worker, SIGKILL));
		pair_say(1, "after");
		pair_expect(1, "before");
		pair_expect(1, "after");
		pass_both();
	}
	pair_close_both();
}

/* Then nobody owns the queue: packets are dropped until the program sets a mode. */
Test(families_movers, movers_that_are_both_killed_are_started_again_by_the_next_mode)
{
	pid_t found[MOVERS_MAX];

	pair_network("QUEUE");
	for (int i = 0; i < 2; i++) {
		pair_open(0);
		await_movers(2);
		movers_find(found);
		kill(found[0], SIGKILL);
		kill(found[1], SIGKILL);
		await_movers(0);
		cr_assert(is_free());
		pair_start(i);
		pass_both();
		pair_close_both();
	}
}

static long open_both(long first)
{
	for (int n = 0; n < 2; n++) {
		int i = n ? !first : first;

		pair[i] = ipq_create_handle(0, pair_family(i));
		if (!pair[i] || ipq_set_mode(pair[i], IPQ_COPY_PACKET, 0) < 0)
			return 0;
	}
	return 1;
}

Test(families_movers, a_program_that_is_killed_can_be_started_again_at_once)
{
	pair_network("QUEUE");
	for (int n = 0; n < 20; n++) {
		struct process process = process_start();

		cr_assert(process_do(&process, open_both, n & 1));
		process_end(&process);
		pair_open(n >> 1 & 1);
		pass_both();
		pair_close_both();
		cr_assert(is_free());
	}
	await_movers(0);
}

Test(families_movers, no_mover_stays_when_a_program_has_ended_that_had_handles)
{
	struct process process;

	pair_network("QUEUE");
	process = process_start();
	cr_assert(process_do(&process, open_both, 0));
	await_movers(2);
	process_end(&process);
	await_movers(0);
	cr_assert(is_free());
}

static long become_daemon(long unused)
{
	(void)unused;
	return !daemon(0, 0);
}

static long destroy_both(long unused)
{
	(void)unused;
	return !ipq_destroy_handle(pair[0]) && !ipq_destroy_handle(pair[1]);
}

Test(families_movers, a_daemon_that_forked_after_its_modes_gets_its_packets)
{
	struct process process;

	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		process = process_start();
		cr_assert(process_do(&process, open_both, first));
		cr_assert(process_do(&process, become_daemon, 0));
		for (int n = 0; n < 6; n++) {
			pair_say(n & 1, "hello");
			cr_assert(process_do(&process, pair_accept, n & 1));
			udp_expect(pair_heard[n & 1], "hello");
			/* longer than the mover needs to notice that a
			 * process has ended */
			if (n == 2)
				usleep(300000);
		}
		cr_assert(process_do(&process, destroy_both, 0));
		cr_assert(is_free());
		process_end(&process);
		await_movers(0);
	}
}

static volatile sig_atomic_t children_ended;

static void count_child(int unused)
{
	(void)unused;
	children_ended++;
}

Test(families_movers, the_program_has_no_child_that_it_did_not_make)
{
	struct sigaction action = { .sa_handler = count_child };

	cr_assert(!sigaction(SIGCHLD, &action, NULL));
	pair_network("QUEUE");
	children_ended = 0;
	pair_open(0);
	errno = 0;
	cr_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	pass_both();
	pair_close_both();
	cr_assert(children_ended == 0);
	cr_assert(waitpid(-1, NULL, __WALL) == -1 && errno == ECHILD, "one is not reaped");
}

Test(families_movers, what_the_program_has_open_is_closed_when_the_program_closes_it)
{
	char end;
	int fds[2], descriptors;

	pair_network("QUEUE");
	descriptors = open_descriptors();
	cr_assert(!pipe(fds));
	pair_open(0);
	cr_assert(!close(fds[1]) && read(fds[0], &end, 1) == 0);
	close(fds[0]);
	cr_assert(open_descriptors() == descriptors + 2, "besides the handles'");
	pass_both();
	pair_close_both();
}

static void wait_as_flood(pid_t worker, int count)
{
	long long end = clock_us() + DEADLINE * 1000LL;

	cr_assert(!kill(worker, SIGSTOP));
	/* until then it may still receive some of them, and move fewer together */
	for (; mover_state(worker) != 'T'; sched_yield())
		cr_assert(clock_us() < end, "it does not stop");
	for (int i = 0; i < count; i++)
		udp_say(AF_INET, 9, "waits");
	cr_assert(!kill(worker, SIGCONT));
	for (int i = 0; i < count; i++)
		pair_expect(0, "waits");
}

/* With SCHED_BATCH it does not interrupt the program when a packet wakes it up. */
Test(families_movers, in_a_flood_a_mover_waits_for_the_program_unless_its_policy_is_another)
{
	static const struct {
		int usual, in_flood;
	} policy[] = {
		{ SCHED_OTHER, SCHED_BATCH }, { SCHED_IDLE, SCHED_IDLE },
		{ SCHED_FIFO, SCHED_FIFO },
	};

	for (int i = 0; i < 3; i++) {
		struct sched_param priority = {
			.sched_priority = sched_get_priority_min(policy[i].usual),
		};
		pid_t worker;

		/* a container may forbid it */
		if (sched_setscheduler(0, policy[i].usual, &priority))
			continue;
		pair_network("QUEUE");
		pair_open(0);
		pass_both();
		worker = await_worker();
		cr_assert(sched_getscheduler(worker) == policy[i].usual);
		wait_as_flood(worker, 20);
		cr_assert(sched_getscheduler(worker) == policy[i].in_flood, "%d of %d",
			  sched_getscheduler(worker), policy[i].usual);
		pass_both();
		cr_assert(sched_getscheduler(worker) == policy[i].usual);
		pair_close_both();
	}
}

Test(families_movers, a_program_that_drops_its_capability_gets_its_packets)
{
	pair_network("QUEUE");
	pair_open(0);
	have_net_admin(false);
	for (int i = 0; i < 2; i++) {
		pair_say(i, "hello");
		pair_packet(i, "hello");
	}
	have_net_admin(true);
	pair_close_both();
}
