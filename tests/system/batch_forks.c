/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: a program forks while messages and verdicts are held. They are held for
 * all processes that share the descriptor. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"
#include "process.h"

TestSuite(batch_forks, .timeout = 60);

#define COUNT 256

static struct ipq_handle *h;

/* Shared by all processes. */
static struct shared {
	unsigned char plan[COUNT];
	struct got got[COUNT];
	_Atomic int at;			/* packets read so far */
} *shared;

static void begin(void)
{
	numbers_network();
	setenv("LIBIPQ_BATCH", "64", 1);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(shared != MAP_FAILED);
}

static long open_handle(long unused)
{
	(void)unused;
	h = ipq_create_handle(0, PF_INET);
	return h && ipq_set_mode(h, IPQ_COPY_PACKET, 0) == MODE_SENT;
}

static void fill(void)
{
	numbers_send(0, COUNT);
	cr_assert(numbers_waiting() == COUNT);
	memset(shared->plan, ACCEPT, COUNT);
	shared->at = 0;
}

/* Reads this many packets, and decides on them as planned. */
static long work(long count)
{
	static union message m;
	long i;

	for (i = 0; i < count && ipq_read(h, m.buf, sizeof(m.buf), -1) > 0; i++) {
		struct got *got = &shared->got[shared->at];

		got->id = ipq_get_packet(m.buf)->packet_id;
		got->number = number_of(ipq_get_packet(m.buf));
		if (shared->plan[shared->at++] != LEAVE)
			ipq_set_verdict(h, got->id, NF_ACCEPT, 0, NULL);
	}
	return i;
}

static long decide(long i)
{
	return ipq_set_verdict(h, shared->got[i].id, NF_ACCEPT, 0, NULL);
}

static void expect_all(void)
{
	cr_assert(shared->at == COUNT, "%d were read", shared->at);
	for (int i = 0; i < COUNT; i++)
		cr_assert(shared->got[i].number == i, "as %d. came %d", i,
			  shared->got[i].number);
	numbers_release(h, COUNT, shared->plan, shared->got);
}

Test(batch_forks, parent_and_child_read_on_together)
{
	static const int turns[] = { 1, 70, 3, 64, 2, 90 };
	struct process child;

	begin();
	open_handle(0);
	fill();
	cr_assert(work(10) == 10);
	child = process_start();
	for (int i = 0; shared->at < COUNT; i++) {
		int count = turns[i % 6] < COUNT - shared->at ? turns[i % 6] :
			    COUNT - shared->at;

		cr_assert((i % 2 ? work(count) : process_do(&child, work, count)) == count);
	}
	expect_all();
	fill();
	cr_assert(process_do(&child, work, 200) == 200);
	cr_assert(work(56) == 56);
	expect_all();
	process_end(&child);
	ipq_destroy_handle(h);
}

Test(batch_forks, a_child_decides_what_its_parent_read)
{
	struct process child;

	begin();
	open_handle(0);
	child = process_start();
	for (int step = 1; step < 200; step *= 3) {
		fill();
		for (int i = 70; i < COUNT; i += step)
			shared->plan[i] = LEAVE;
		cr_assert(work(COUNT) == COUNT);
		numbers_expect(h, COUNT, shared->plan, shared->got);
		for (int i = COUNT - 1; i >= 70; i--)
			if (shared->plan[i] == LEAVE && i % 3) {
				cr_assert(process_do(&child, decide, i) == VERDICT_SENT);
				shared->plan[i] = ACCEPT;
			}
		expect_all();
	}
	process_end(&child);
	ipq_destroy_handle(h);
}

static long destroy_handle(long unused)
{
	(void)unused;
	return ipq_destroy_handle(h);
}

Test(batch_forks, when_one_of_them_ends_the_other_goes_on)
{
	struct process child;

	begin();
	open_handle(0);
	for (int destroy = 0; destroy < 2; destroy++) {
		fill();
		child = process_start();
		shared->plan[120] = LEAVE;
		cr_assert(process_do(&child, work, 150) == 150);
		if (destroy)
			process_do(&child, destroy_handle, 0);
		process_end(&child);
		cr_assert(work(COUNT) == COUNT - 150);
		expect_all();
	}
	ipq_destroy_handle(h);
}

/* Like daemon(3): the child continues. */
static long leave_to_a_child(long destroys)
{
	if (fork() == 0)
		return getpid();
	if (destroys)
		ipq_destroy_handle(h);
	_exit(0);
}

Test(batch_forks, a_child_goes_on_where_its_parent_exits)
{
	begin();
	for (int destroys = 0; destroys < 2; destroys++) {
		struct process daemon = process_start();
		siginfo_t info;

		cr_assert(process_do(&daemon, open_handle, 0));
		fill();
		cr_assert(process_do(&daemon, work, 150) == 150);
		cr_assert(process_do(&daemon, leave_to_a_child, destroys) != daemon.pid);
		cr_assert(!waitid(P_PID, daemon.pid, &info, WEXITED | WNOWAIT));
		cr_assert(process_do(&daemon, work, COUNT) == COUNT - 150);
		for (int i = 0; i < COUNT; i++)
			cr_assert(shared->got[i].number == i);
		numbers_arrived(COUNT);
		numbers_forget();
		cr_assert(numbers_waiting() == 0);
		process_end(&daemon);
		/* this was the parent; the child ends after it */
		for (int ms = 0; numbers_waiting() >= 0; ms++) {
			cr_assert(ms < DEADLINE);
			usleep(1000);
		}
	}
}

/* How often each packet was read. */
static struct counts {
	atomic_uchar times[COUNT];
	atomic_int child, parent;
} *counts;

/* Reads and accepts packets, until there are no more, but at most this many. */
static void read_on(int most, atomic_int *count)
{
	static union message m;

	while (most-- && ipq_read(h, m.buf, sizeof(m.buf), -1) > 0) {
		ipq_packet_msg_t *p = ipq_get_packet(m.buf);

		if (ipq_message_type(m.buf) != IPQM_PACKET)
			/* the error message for a verdict that was sent again, after its
			 * process was killed */
			continue;
		atomic_fetch_add(&counts->times[number_of(p)], 1);
		atomic_fetch_add(count, 1);
		ipq_set_verdict(h, p->packet_id, NF_ACCEPT, 0, NULL);
	}
}

static pid_t start_reading(void)
{
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		read_on(-1, &counts->child);
		_exit(0);
	}
	return pid;
}

/* It may have received as many as a batch holds, before others could see them. */
Test(batch_forks, a_killed_reader_takes_a_batch_with_it_at_most)
{
	begin();
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(counts != MAP_FAILED);
	for (int round = 0; round < 60; round++) {
		int total, arrived;
		pid_t child;

		memset(counts, 0, sizeof(*counts));
		open_handle(0);
		fill();
		child = start_reading();
		if (round % 2)
			read_on(round * 2, &counts->parent);
		else
			while (counts->child < round && !waitpid(child, NULL, WNOHANG))
				;
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		read_on(-1, &counts->parent);

		total = counts->child + counts->parent;
		cr_assert(total >= COUNT - 64 - 1, "%d and %d were read",
			  counts->child, counts->parent);
		arrived = COUNT - numbers_waiting();
		for (int i = 0; i < COUNT; i++)
			cr_assert(counts->times[i] <= 1, "%d came twice", i);
		/* its verdicts are sent by it or by another process */
		cr_assert(arrived >= total - 1, "of %d read %d are decided", total, arrived);
		numbers_arrived(arrived);
		numbers_forget();
		ipq_destroy_handle(h);
	}
}
