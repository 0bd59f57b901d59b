/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6 handles on one queue number in several processes: processes that are
 * forked after the handles were created share them, others do not (FACTS 5, 6). */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "pair.h"
#include "peer.h"
#include "process.h"

TestSuite(families_forks, .timeout = 60);

/* Functions for children, on the handles that they have inherited. */

static long start(long i)
{
	return ipq_set_mode(pair[i], IPQ_COPY_PACKET, 0);
}

static long none(long i)
{
	return ipq_set_mode(pair[i], IPQ_COPY_NONE, 0);
}

static long destroy(long i)
{
	return ipq_destroy_handle(pair[i]);
}

/* Returns the id of the next packet, shifted left by one, with the index of its
 * handle in bit 0. */
static long get(long unused)
{
	static union message m;

	(void)unused;
	for (int n = 0; n < 100; n++) {
		struct pollfd fds[] = {
			{ pair[0]->fd, POLLIN, 0 }, { pair[1]->fd, POLLIN, 0 },
		};
		long i;

		if (poll(fds, 2, DEADLINE) < 1)
			return -1;
		i = !(fds[0].revents & POLLIN);
		if (ipq_read(pair[i], m.buf, sizeof(m.buf), 0) > 0 &&
		    m.nlh.nlmsg_type == IPQM_PACKET)
			return ipq_get_packet(m.buf)->packet_id << 1 | i;
	}
	return -1;
}

static long accept_got(long got)
{
	return ipq_set_verdict(pair[got & 1], got >> 1, NF_ACCEPT, 0, NULL);
}

/* The next packet must be one of handle i that ends with text, and must arrive. It is
 * read and decided on by the given processes; by this one if NULL. */
static void expect_by(const struct process *reads, const struct process *decides, int i,
		      const char *text)
{
	long got = reads ? process_do(reads, get, 0) : get(0);

	cr_assert(got > 0 && (got & 1) == i, "IPv%d: %ld", i ? 6 : 4, got);
	if (decides)
		process_do(decides, accept_got, got);
	else
		accept_got(got);
	udp_expect(pair_heard[i], text);
}

static void expect_shared(const struct process *child)
{
	for (int n = 0; n < 8; n++) {
		pair_say(n & 1, "shared");
		expect_by(n & 2 ? child : NULL, n & 4 ? child : NULL, n & 1, "shared");
	}
	cr_assert(pair_silent());
}

Test(families_forks, parent_and_child_read_and_decide_who_ever_set_the_modes)
{
	for (int first = 0; first < 2; first++)
		for (int by = 0; by < 4; by++) {
			struct process child;

			pair_network("QUEUE");
			pair_make(0);
			pair_make(1);
			child = process_start();
			if (by & 1)
				process_do(&child, start, first);
			else
				pair_start(first);
			if (by & 2)
				process_do(&child, start, !first);
			else
				pair_start(!first);
			expect_shared(&child);
			process_end(&child);
			pair_pass(0, "hello");
			pair_pass(1, "hello");
			pair_close_both();
		}
}

Test(families_forks, a_child_forked_after_the_modes_were_set_does_as_well)
{
	for (int first = 0; first < 2; first++) {
		struct process child;

		pair_network("QUEUE");
		pair_open(first);
		child = process_start();
		expect_shared(&child);
		process_do(&child, none, first);
		pair_pass(!first, "alone");
		process_do(&child, start, first);
		expect_shared(&child);
		process_end(&child);
		pair_close_both();
	}
}

/* Expects count packets of each family, some of which were sent before. */
static void expect_each(const struct process *process, int count)
{
	for (int n = 0; n < 2 * count; n++) {
		long got = process ? process_do(process, get, 0) : get(0);

		cr_assert(got > 0, "packet %d", n);
		process ? process_do(process, accept_got, got) : accept_got(got);
	}
	for (int n = 0; n < count; n++) {
		udp_expect(pair_heard[0], "waits");
		udp_expect(pair_heard[1], "waits");
	}
}

static void say_each(int count)
{
	for (int n = 0; n < count; n++) {
		pair_say(0, "waits");
		pair_say(1, "waits");
	}
}

/* Like programs that become daemons. */
Test(families_forks, a_child_goes_on_with_both_when_the_parent_destroys_its_copies)
{
	for (int first = 0; first < 2; first++) {
		struct process child;

		pair_network("QUEUE");
		pair_open(first);
		child = process_start();
		say_each(3);
		pair_close(first);
		pair_close(!first);
		expect_each(&child, 3);
		say_each(3);
		expect_each(&child, 3);
		process_end(&child);
	}
}

Test(families_forks, the_parent_goes_on_with_both_when_a_child_destroys_its_own)
{
	for (int first = 0; first < 2; first++) {
		struct process child;

		pair_network("QUEUE");
		pair_open(first);
		child = process_start();
		say_each(3);
		process_do(&child, destroy, first);
		process_do(&child, destroy, !first);
		expect_each(NULL, 3);
		say_each(3);
		expect_each(NULL, 3);
		process_end(&child);
		pair_pass(0, "hello");
		pair_pass(1, "hello");
		pair_close_both();
	}
}

static void need_a_number_each(int first)
{
	struct process other;
	const char *said;

	pair_network("QUEUE");
	setenv("LIBIPQ_DEBUG", "1", 1);
	setenv("LIBIPQ_RCVBUF", "100000", 1);
	stderr_keep();
	other = process_start();
	cr_assert(process_do(&other, peer_open, pair_family(!first)));
	pair_make(first);
	pair_start(first);
	process_do(&other, peer_mode, IPQ_COPY_META);
	cr_assert(process_do(&other, peer_error, 0) == EBUSY);
	said = stderr_kept();
	assert_one_line(said);
	assert_says(said, "error 16");
	assert_says(said, first ? "LIBIPQ_QUEUE=N" : "LIBIPQ_QUEUE6=N");
	assert_says(said, "-j NFQUEUE --queue-num N");
	pair_pass(first, "undisturbed");
	process_end(&other);
	pair_close(first);
}

Test(families_forks, programs_of_one_family_each_need_a_number_each)
{
	need_a_number_each(0);
}

Test(families_forks, programs_of_one_family_each_need_a_number_each_if_IPv6_is_first)
{
	need_a_number_each(1);
}

Test(families_forks, queue6_separates_them)
{
	struct process other;
	long id;

	pair_network("QUEUE");
	run("ip6tables-legacy -F && "
	    "ip6tables-legacy -A OUTPUT -p udp --dport 9 -j NFQUEUE --queue-num 1");
	setenv("LIBIPQ_QUEUE6", "1", 1);
	other = process_start();
	cr_assert(process_do(&other, peer_open, PF_INET6));
	cr_assert(process_do(&other, peer_mode, IPQ_COPY_META) == MODE_SENT);
	pair_make(0);
	pair_start(0);
	pair_pass(0, "four");
	pair_say(1, "six");
	id = process_do(&other, peer_packet, 0);
	cr_assert(id > 0);
	process_do(&other, peer_accept, id);
	udp_expect(pair_heard[1], "six");
	cr_assert(pair_silent() && process_do(&other, peer_silent, 0));
	process_end(&other);
	pair_close(0);
}

/* They must not even be queued again, as they would get other ids. */
Test(families_forks, what_waits_is_left_alone_when_a_child_destroys_its_own)
{
	for (int first = 0; first < 2; first++) {
		struct process child;

		pair_network("QUEUE");
		pair_open(first);
		child = process_start();
		pair_say(first, "waits");
		pair_say(first, "waits");
		process_do(&child, destroy, !first);
		process_do(&child, destroy, first);
		cr_assert(pair_packet(first, "waits")->packet_id == 1);
		cr_assert(pair_packet(first, "waits")->packet_id == 2);
		process_end(&child);
		pair_close_both();
	}
}

/* Closes the descriptor without ipq_destroy_handle. A child may still have it. */
static void close_only(int i)
{
	close(pair[i]->fd);
	free(pair[i]);
	pair[i] = NULL;
}

Test(families_forks, a_child_goes_on_with_both_when_the_parent_closed_one_behind_our_back)
{
	for (int first = 0; first < 2; first++) {
		struct process child;
		int ends[2], fd;
		char text[16];

		pair_network("QUEUE");
		pair_open(first);
		child = process_start();
		say_each(3);
		fd = pair[!first]->fd;
		close_only(!first);
		/* the library must not write to what has its number now */
		cr_assert(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
		cr_assert(dup2(ends[0], fd) == fd);
		pair_close(first);
		cr_assert(recv(ends[1], text, sizeof(text), MSG_DONTWAIT) < 0);
		expect_each(&child, 3);
		say_each(3);
		expect_each(&child, 3);
		process_end(&child);
	}
}

Test(families_forks, a_number_that_only_a_child_has_is_another_programs)
{
	struct process child;

	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_make(first);
		pair_start(first);
		child = process_start();
		close_only(first);
		pair_make(!first);
		pair_start(!first);
		cr_assert(queue_error(pair[!first]) == EBUSY);
		process_end(&child);
		pair_start(!first);
		pair_pass(!first, "alone");
		pair_close(!first);
	}
}

Test(families_forks, a_handle_that_only_a_child_has_is_left_alone_and_asks_again_there)
{
	struct process child;

	NOT_CARRIED("nothing it closes is closed behind our back");
	pair_network("QUEUE");
	pair_open(0);
	/* then the first handle owns the number again, without packets */
	none(0);
	none(1);
	child = process_start();
	close_only(0);
	pair_start(1);
	cr_assert(queue_silent(pair[1]));
	cr_assert(process_do(&child, start, 0) == MODE_SENT);
	say_each(3);
	expect_each(&child, 3);
	process_end(&child);
	pair_close(1);
}

static long move_and_start(long i)
{
	int fd = pair[i]->fd;

	pair[i]->fd = fcntl(fd, F_DUPFD, 100);
	return pair[i]->fd >= 100 && !close(fd) ? start(i) : -1;
}

Test(families_forks, a_descriptor_that_a_child_has_moved_is_where_it_was_for_its_parent)
{
	struct process child;

	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_make(0);
		pair_make(1);
		child = process_start();
		cr_assert(process_do(&child, move_and_start, first) == MODE_SENT);
		pair_start(!first);
		pair_pass(first, "moved");
		pair_pass(!first, "shared");
		process_end(&child);
		pair_close_both();
	}
}

/* While the child has the handle that is destroyed, the kernel keeps the number
 * bound to the mover. */
Test(families_forks, a_handle_that_is_left_alone_has_the_number_when_it_asks_again)
{
	struct process child;

	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		child = process_start();
		pair_close(first);
		process_end(&child);
		pair_start(!first);
		pair_pass(!first, "alone");
		pair_close(!first);
	}
}

static long open_both(long first)
{
	for (int n = 0; n < 2; n++) {
		int i = n ? !first : first;

		pair[i] = ipq_create_handle(0, pair_family(i));
		if (!pair[i] || start(i) < 0)
			return 0;
	}
	return 1;
}

static long destroy_in_a_child(long i)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		destroy(i);
		exit(0);
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

static long leave_to_a_child(long unused)
{
	(void)unused;
	if (fork() == 0)
		return 1;
	exit(0);
}

/* Where no other users are mapped, the process is already not root's. */
static long become_another_user(long unused)
{
	(void)unused;
	if (prctl(PR_SET_KEEPCAPS, 1) || setresuid(65534, 65534, 65534))
		return 0;
	have_net_admin(true);
	return 1;
}

/* Returns how many packets wait in all private queue numbers. */
static unsigned int waiting(void)
{
	struct queue_figures f;
	unsigned int count = 0;

	for (unsigned int n = 64512; n <= 65535; n++)
		count += queue_figures(n, &f) ? f.waiting : 0;
	return count;
}

Test(families_forks, what_waits_stays_until_the_last_one_goes_that_has_the_handle)
{
	for (int round = 0; round < 4; round++) {
		int first = round % 2;
		struct process process;
		siginfo_t info;

		pair_network("QUEUE");
		process = process_start();
		cr_assert(process_do(&process, open_both, first));
		pair_say(!first, "waits");
		cr_assert(process_do(&process, destroy_in_a_child, first));
		cr_assert(waiting() == 1, "it is gone");
		process_do(&process, leave_to_a_child, 0);
		cr_assert(!waitid(P_PID, process.pid, &info, WEXITED | WNOWAIT));
		if (round >= 2)
			process_do(&process, become_another_user, 0);
		process_do(&process, destroy, first);
		cr_assert(waiting() == 1, "it is gone");
		cr_assert(process_do(&process, pair_accept, !first));
		udp_expect(pair_heard[!first], "waits");
		process_do(&process, leave_to_a_child, 0);
		process_end(&process);
	}
}
