/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: one of two processes that share a handle is killed, after each
 * instruction of a call into the library that changes anything. ptrace(2) finds
 * these instructions. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"

TestSuite(batch_killed, .timeout = 60);

/* Verdicts are held after this many packets without a pause. */
#define STREAK 70

/* The packets that come after these. */
#define COUNT 20
#define SENT (STREAK + COUNT)

/* Bytes of a shared mapping that are compared, from its beginning; messages
 * are behind that. */
#define SHARED_MAX 0x20000

#define MOMENTS_MAX 1000

/* Stops the clock, so that no pause is too long for verdicts to be held. */
static bool time_stands;

/* Interposed: the library calls it instead of the C library's. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
	if (!time_stands)
		return syscall(SYS_clock_gettime, clock, time);
	*time = (struct timespec) { .tv_sec = 1 };
	return 0;
}

static struct ipq_handle *h;

/* How often both processes together have read and accepted each packet. */
static struct counts {
	unsigned char read[SENT], accepted[SENT];
} *counts;

static bool readable(void)
{
	struct pollfd fd = { .fd = h->fd, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

/* Reads a packet and accepts it. Returns whether there was one. */
static bool pass(void)
{
	static union message m;
	ipq_packet_msg_t *p;

	if (ipq_read(h, m.buf, sizeof(m.buf), -1) <= 0)
		return false;
	if (ipq_message_type(m.buf) != IPQM_PACKET)
		/* the error message for a verdict that was sent again, after its
		 * process was killed */
		return true;
	p = ipq_get_packet(m.buf);
	counts->read[number_of(p)]++;
	ipq_set_verdict(h, p->packet_id, NF_ACCEPT, 0, NULL);
	counts->accepted[number_of(p)]++;
	return true;
}

static void pass_many(int count)
{
	while (count--)
		cr_assert(pass());
}

/* Starts a child that will read and accept a packet, one instruction at a time. */
static pid_t start_child(void)
{
	int status;
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		pass();
		_exit(0);
	}
	cr_assert(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	return pid;
}

/* Executes an instruction. Returns false if the child has ended. */
static bool step(pid_t pid)
{
	int status;

	cr_assert(!ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL));
	cr_assert(waitpid(pid, &status, 0) == pid);
	return !WIFEXITED(status);
}

static void kill_child_at(unsigned int instruction)
{
	pid_t pid = start_child();

	while (instruction-- && step(pid))
		;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The memory that processes share, as far as it can have changed. */
static struct shared {
	unsigned char *at;
	unsigned char copy[SHARED_MAX];
	size_t len;
} shared[16];

static void find_shared(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[256];
	int n = 0;

	cr_assert(maps);
	memset(shared, 0, sizeof(shared));
	while (fgets(line, sizeof(line), maps)) {
		if (!strstr(line, " rw-s ") || !strstr(line, "/dev/zero (deleted)"))
			continue;
		cr_assert(n < 16 && sscanf(line, "%lx-%lx", &start, &end) == 2);
		shared[n].at = (unsigned char *)start;
		shared[n++].len = end - start < SHARED_MAX ? end - start : SHARED_MAX;
	}
	fclose(maps);
}

static bool has_changed(void)
{
	bool changed = false;

	for (struct shared *s = shared; s->len; s++)
		if (memcmp(s->copy, s->at, s->len)) {
			memcpy(s->copy, s->at, s->len);
			changed = true;
		}
	return changed;
}

/* Finds the instructions of a child after which something has changed. That is seen
 * in shared memory; in addition it takes every 16th, as there may have been a system
 * call before it. */
static unsigned int find_moments(unsigned int *moments)
{
	pid_t pid = start_child();
	unsigned int n = 0, count = 0;

	find_shared();
	has_changed();
	while (step(pid)) {
		n++;
		if (has_changed() || n % 16 == 0)
			moments[count++] = n;
		cr_assert(count < MOMENTS_MAX);
	}
	return count;
}

/* Like a program that uses select(2). */
static void pass_the_rest(void)
{
	while (readable())
		pass();
	cr_assert(!pass(), "a packet is there, and the descriptor was not readable");
}

/* Returns the number of packets that no process has read. None may have
 * been read twice. */
static int expect_once(void)
{
	int lost = 0;

	for (int i = 0; i < SENT; i++) {
		cr_assert(counts->read[i] <= 1, "%d came twice", i);
		lost += !counts->read[i];
	}
	return lost;
}

/* The parent has read "before" of the packets that come after the first ones. The last ones,
 * "later", have come since then. */
static void begin(int before, int later)
{
	memset(counts, 0, sizeof(*counts));
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	numbers_send(0, STREAK);
	time_stands = true;
	pass_many(STREAK);
	numbers_send(STREAK, COUNT - later);
	pass_many(before);
	numbers_send(SENT - later, later);
}

/* Returns how many packets are lost. */
static int end(unsigned int moment)
{
	int lost, arrived, accepted = 0;

	pass_the_rest();
	time_stands = false;
	lost = expect_once();
	for (int i = 0; i < SENT; i++)
		accepted += counts->accepted[i];
	/* the child may have accepted one more, just before it was killed */
	numbers_arrived(SENT - numbers_waiting());
	arrived = numbers_so_far();
	cr_assert(arrived == accepted || arrived == accepted + 1,
		  "at instruction %u: %d accepted, %d arrived", moment, accepted, arrived);
	numbers_forget();
	ipq_destroy_handle(h);
	return lost;
}

static void at_each_moment(int before, int later, int lost_max)
{
	static unsigned int moments[MOMENTS_MAX];
	unsigned int count;

	numbers_network();
	setenv("LIBIPQ_BATCH", "64", 1);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(counts != MAP_FAILED);
	begin(before, later);
	count = find_moments(moments);
	cr_assert(end(0) == 0 && count > 50);
	for (unsigned int i = 0; i < count; i++) {
		int lost;

		begin(before, later);
		kill_child_at(moments[i]);
		lost = end(moments[i]);
		cr_assert(lost <= lost_max, "at instruction %u %d are lost", moments[i], lost);
	}
}

Test(batch_killed, no_packet_comes_twice_and_what_was_decided_is_sent)
{
	at_each_moment(2, 0, 1);
}

Test(batch_killed, a_reader_killed_while_it_takes_in_several_takes_those_with_it_at_most)
{
	at_each_moment(0, 0, COUNT);
}

/* It reads the last one of those that are held. More have come, and so verdicts go with the
 * mark that it sends. */
Test(batch_killed, a_reader_killed_while_it_sends_verdicts_with_a_mark_loses_none_of_them)
{
	at_each_moment(COUNT / 2 - 1, COUNT / 2, 1 + COUNT / 2);
}
