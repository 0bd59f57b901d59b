/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fast streams of both families through one queue number: no packet is lost, comes to the
 * wrong handle, comes twice or out of order. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "network.h"
#include "pair.h"
#include "reader.h"

TestSuite(families_load, .timeout = 100);

#define COUNT_MAX 50000

/* Supervised, each takes ten times as long. */
static unsigned int count_of(void)
{
	static _Atomic unsigned int count;	/* several threads call this */

	if (!count)
		count = getenv("SUPERVISED") ? COUNT_MAX / 5 : COUNT_MAX;
	return count;
}

#define COUNT count_of()

/* The handles are destroyed and created again. Each is, twice in turn, first the one that
 * owns the number, then the other. */
#define HANDOVERS 12

/* For each packet that the sender of a family has sent: when the send began and ended. */
struct stream {
	long long began[COUNT_MAX], ended[COUNT_MAX];
};

static struct stream *stream[2];
static pid_t sender[2];

/* What the reading threads have received. */
static _Atomic uint8_t times_got[2][COUNT_MAX];
static atomic_uint got[2], last[2];
static atomic_uint misdelivered, disordered[2];

/* All packets from one socket: only as many are on the way as its send
 * buffer has room for. */
static _Noreturn void send_all(struct stream *s, int i)
{
	int fd = udp_open(pair_family(i), 0);

	for (uint32_t n = 0; n < COUNT; n++) {
		s->began[n] = clock_us();
		if (udp_send(fd, i ? "::1" : "127.0.0.1", 9, &n, sizeof(n)) != sizeof(n))
			_exit(1);
		s->ended[n] = clock_us();
	}
	_exit(0);
}

/* Forked after the handles were created, so the sender must close them. */
static void begin(int i)
{
	sender[i] = fork();
	cr_assert(sender[i] >= 0);
	if (sender[i] == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int n = 0; n < 2; n++)
			close(pair[n]->fd);
		send_all(stream[i], i);
	}
}

static void prepare(int first)
{
	pair_network("QUEUE");
	for (int i = 0; i < 2; i++) {
		stream[i] = mmap(NULL, sizeof(*stream[i]), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		cr_assert(stream[i] != MAP_FAILED);
	}
	pair_open(first);
	begin(0);
	begin(1);
}

/* Packets that a handle may miss while it is destroyed and not created again: those after
 * the last it got before, and before the next it got. */
static struct missed {
	unsigned int after, before;
} missed[HANDOVERS];
static struct missed *missing[2];

static void note(int i, const ipq_packet_msg_t *p)
{
	uint32_t n;

	memcpy(&n, p->payload + p->data_len - sizeof(n), sizeof(n));
	if (p->payload[0] >> 4 != (i ? 6 : 4) || n >= COUNT) {
		misdelivered++;
		return;
	}
	if (n < last[i])
		disordered[i]++;
	if (missing[i]) {
		missing[i]->before = n;
		missing[i] = NULL;
	}
	last[i] = n;
	times_got[i][n]++;
	got[i]++;
}

/* Returns false if there is no packet but an error message, or the time is over. */
static bool take(int i, int timeout)
{
	static _Thread_local union message m;
	ssize_t n = ipq_read(pair[i], m.buf, sizeof(m.buf), timeout);

	if (n <= 0 || m.nlh.nlmsg_type == NLMSG_ERROR)
		return false;
	/* like programs that take any message that is no error for a packet */
	note(i, ipq_get_packet(m.buf));
	ipq_set_verdict(pair[i], ipq_get_packet(m.buf)->packet_id, NF_DROP, 0, NULL);
	return true;
}

static void await_senders(void)
{
	int status;

	for (int i = 0; i < 2; i++) {
		cr_assert(waitpid(sender[i], &status, 0) == sender[i]);
		cr_assert(status == 0, "sender %d: status %#x", i, status);
	}
}

static void expect_order(int i)
{
	cr_assert(disordered[i] == 0, "IPv%d: %u out of order", i ? 6 : 4, disordered[i]);
}

static void expect_all(void)
{
	cr_assert(misdelivered == 0, "%u at the wrong handle", misdelivered);
	for (int i = 0; i < 2; i++)
		for (unsigned int n = 0; n < COUNT; n++)
			cr_assert(times_got[i][n] == 1, "IPv%d: packet %d came %d times",
				  i ? 6 : 4, n, times_got[i][n]);
}

static void *take_until_error(void *arg)
{
	while (take((long)arg, 0))
		;
	return NULL;
}

/* Waits until all packets sent have been received. Then makes each reader of the handles,
 * which all wait, read an error message. */
static void end_readers(const pthread_t *readers, const int *handles, int count)
{
	await_senders();
	for (int ms = 0; got[0] + got[1] < 2 * COUNT && ms < DEADLINE; ms += 10)
		usleep(10000);
	for (int n = 0; n < count; n++)
		ipq_set_mode(pair[handles[n]], 3, 0);
	for (int n = 0; n < count; n++)
		cr_assert(!pthread_join(readers[n], NULL));
}

static void serve_with_threads(int first, const int *handles, int count)
{
	pthread_t readers[3];

	prepare(first);
	for (long n = 0; n < count; n++)
		cr_assert(!pthread_create(&readers[n], NULL, take_until_error,
					  (void *)(long)handles[n]));
	end_readers(readers, handles, count);
	expect_all();
	pair_close_both();
}

Test(families_load, a_thread_for_each_handle_gets_all_in_order)
{
	serve_with_threads(0, (int[]) { 0, 1 }, 2);
	expect_order(0);
	expect_order(1);
}

/* If two threads read from a handle, the order is up to chance. */
Test(families_load, two_threads_on_a_handle_get_all_and_the_other_its_own_in_order)
{
	serve_with_threads(1, (int[]) { 1, 1, 0 }, 3);
	expect_order(0);
}

Test(families_load, a_loop_that_selects_and_takes_all_but_errors_for_packets_gets_all_in_order)
{
	prepare(1);
	while (got[0] + got[1] < 2 * COUNT) {
		struct pollfd fds[] = {
			{ pair[0]->fd, POLLIN, 0 }, { pair[1]->fd, POLLIN, 0 },
		};

		cr_assert(poll(fds, 2, DEADLINE) > 0, "%u and %u packets", got[0], got[1]);
		for (int i = 0; i < 2; i++)
			if (fds[i].revents)
				cr_assert(take(i, 0), "%s", ipq_errstr());
	}
	await_senders();
	expect_all();
	expect_order(0);
	expect_order(1);
	pair_close_both();
}

/* The packets of the other handle fill its own queue, and are dropped. */
Test(families_load, a_handle_that_is_not_read_any_more_keeps_nothing_of_the_other_back)
{
	for (int read = 0; read < 2; read++) {
		got[0] = got[1] = last[0] = last[1] = 0;
		memset(times_got, 0, sizeof(times_got));
		prepare(0);
		while (got[read] < COUNT)
			cr_assert(take(read, DEADLINE * 1000), "%u packets", got[read]);
		waitpid(sender[read], NULL, 0);
		/* the packets of both lots */
		expect_order(read);
		last[read] = 0;
		begin(read);
		while (got[read] < 2 * COUNT)
			cr_assert(take(read, DEADLINE * 1000), "%u packets", got[read]);
		/* its packets are not read, so it may wait for ever to send */
		kill(sender[!read], SIGKILL);
		waitpid(sender[!read], NULL, 0);
		waitpid(sender[read], NULL, 0);
		cr_assert(misdelivered == 0 && got[!read] == 0);
		expect_order(read);
		pair_close_both();
	}
}

static atomic_uint handover;
static atomic_bool over;

/* When the number began to change its owner, and when it had done so. */
static long long leaving[HANDOVERS], left[HANDOVERS];

static void hand_over(int i)
{
	unsigned int k = handover;

	missed[k] = (struct missed) { missing[i] ? missing[i]->after : last[i], COUNT };
	missing[i] = &missed[k];
	leaving[k] = clock_us();
	pair_close(i);
	left[k] = clock_us();
	pair_make(i);
	pair_start(i);
	handover = k + 1;
}

static void *take_and_hand_over(void *arg)
{
	int i = (long)arg;

	/* the mover may be late with the last packets on a slow machine */
	while (take(i, over ? 1000000 : 20000) || !over)
		if (handover < HANDOVERS && handover / 2 % 2 == (unsigned int)i &&
		    last[0] + last[1] > (handover + 1) * (2 * COUNT / (HANDOVERS + 2)))
			hand_over(i);
	return NULL;
}

/* Whether the packet may be lost, since the handle was destroyed, or the number changed
 * its owner just then. */
static bool may_be_lost(int i, unsigned int n, unsigned int *in_between)
{
	for (unsigned int k = 0; k < HANDOVERS; k++) {
		if ((int)(k / 2 % 2) == i) {
			if (n > missed[k].after && n < missed[k].before)
				return true;
		} else if (k % 2 == 0 && stream[i]->ended[n] >= leaving[k] &&
			   stream[i]->began[n] <= left[k]) {
			++*in_between;
			return true;
		}
	}
	return false;
}

Test(families_load, handles_destroyed_and_made_again_lose_none_of_the_others)
{
	unsigned int in_between = 0;
	pthread_t reader[2];

	prepare(0);
	for (long i = 0; i < 2; i++)
		cr_assert(!pthread_create(&reader[i], NULL, take_and_hand_over, (void *)i));
	await_senders();
	over = true;
	for (int i = 0; i < 2; i++)
		cr_assert(!pthread_join(reader[i], NULL));
	cr_assert(handover == HANDOVERS);
	cr_assert(misdelivered == 0, "%u at the wrong handle", misdelivered);
	expect_order(0);
	expect_order(1);
	for (int i = 0; i < 2; i++)
		for (unsigned int n = 0; n < COUNT; n++)
			cr_assert(times_got[i][n] == 1 ||
				  (times_got[i][n] == 0 && may_be_lost(i, n, &in_between)),
				  "IPv%d: packet %u came %d times", i ? 6 : 4, n,
				  times_got[i][n]);
	fprintf(stderr, "%u packets met a number that changed hands, in %d moments\n",
		in_between, HANDOVERS / 2);
	pair_close_both();
}
