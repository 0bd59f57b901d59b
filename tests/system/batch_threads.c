/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: several threads read and decide, and signal handlers interrupt them (see
 * also batch_moments.c). */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"

TestSuite(batch_threads, .timeout = 60);

#define COUNT 20000
#define READERS 2
#define DECIDERS 2

static struct ipq_handle *h;
static atomic_uchar times_read[COUNT];
static atomic_int total;
static atomic_int strange;	/* messages other than packets */

static void begin(void)
{
	numbers_network();
	setenv("LIBIPQ_BATCH", "64", 1);
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
}

/* Packets on the way. Half of them arrive at a socket, which has room for no more. */
#define ON_THE_WAY 600

static void *send_all(void *unused)
{
	int fd[4];

	for (int i = 0; i < 4; i++)
		fd[i] = udp_open(AF_INET, 0);
	for (uint32_t n = 0; n < COUNT; n++) {
		while ((int)n - 2 * numbers_so_far() > ON_THE_WAY)
			usleep(20);
		if (udp_send(fd[n / 50 % 4], "127.0.0.1", 9, &n, sizeof(n)) != sizeof(n))
			break;
	}
	for (int i = 0; i < 4; i++)
		close(fd[i]);
	return unused;
}

static pthread_t sender;

static void start_sender(void)
{
	cr_assert(!pthread_create(&sender, NULL, send_all, NULL));
}

/* Waits until all packets to be accepted have arrived and all are read. */
static void await_end(void)
{
	numbers_arrived(COUNT / 2);
	cr_assert(!pthread_join(sender, NULL));
	for (int ms = 0; total < COUNT; ms++) {
		cr_assert(ms < DEADLINE, "%d were read", total);
		usleep(1000);
	}
}

/* Of all packets those with even numbers arrive, and there were no other messages. */
static void expect_even(void)
{
	const unsigned char *times = numbers_arrived(COUNT / 2);

	for (int i = 0; i < COUNT; i++) {
		cr_assert(times_read[i] == 1, "packet %d was read %d times", i,
			  times_read[i]);
		cr_assert(times[i] == !(i % 2), "packet %d arrived %d times", i, times[i]);
	}
	cr_assert(total == COUNT && strange == 0, "%d, and %d others", total, strange);
	cr_assert(numbers_waiting() == 0);
	cr_assert(numbers_silent(h));
}

static void note(const ipq_packet_msg_t *p)
{
	int number = number_of(p);

	if (number >= 0 && number < COUNT)
		times_read[number]++;
	else
		strange++;
	total++;
}

static void decide(const struct got *got)
{
	ipq_set_verdict(h, got->id, got->number % 2 ? NF_DROP : NF_ACCEPT, 0, NULL);
}

/* Returns false for the error message that ends a reader. */
static bool take(union message *m, struct got *got, int timeout)
{
	ssize_t n = ipq_read(h, m->buf, sizeof(m->buf), timeout);

	if (n <= 0 || ipq_message_type(m->buf) != IPQM_PACKET) {
		strange += n > 0 && ipq_message_type(m->buf) != NLMSG_ERROR;
		return false;
	}
	got->id = ipq_get_packet(m->buf)->packet_id;
	got->number = number_of(ipq_get_packet(m->buf));
	note(ipq_get_packet(m->buf));
	return true;
}

/* From readers to deciders; the number -1 ends a decider. */
static int pipe_ends[2];

static void *read_only(void *unused)
{
	static _Thread_local union message m;
	struct got got;

	while (take(&m, &got, 0))
		if (write(pipe_ends[1], &got, sizeof(got)) != sizeof(got))
			break;
	return unused;
}

static void *decide_only(void *unused)
{
	struct got got;

	while (read(pipe_ends[0], &got, sizeof(got)) == sizeof(got) && got.number >= 0)
		decide(&got);
	return unused;
}

static void *do_both(void *unused)
{
	static _Thread_local union message m;
	struct got got;

	while (take(&m, &got, 0))
		decide(&got);
	return unused;
}

/* Each reader reads one error message. */
static void end_readers(pthread_t *readers, int count)
{
	for (int i = 0; i < count; i++)
		ipq_set_mode(h, 3, 0);
	for (int i = 0; i < count; i++)
		cr_assert(!pthread_join(readers[i], NULL));
}

Test(batch_threads, some_read_and_others_decide)
{
	pthread_t reader[READERS], decider[DECIDERS];
	struct got end = { .number = -1 };

	begin();
	cr_assert(!pipe(pipe_ends));
	start_sender();
	for (int i = 0; i < READERS; i++)
		cr_assert(!pthread_create(&reader[i], NULL, read_only, NULL));
	for (int i = 0; i < DECIDERS; i++)
		cr_assert(!pthread_create(&decider[i], NULL, decide_only, NULL));
	await_end();
	end_readers(reader, READERS);
	for (int i = 0; i < DECIDERS; i++)
		cr_assert(write(pipe_ends[1], &end, sizeof(end)) == sizeof(end));
	for (int i = 0; i < DECIDERS; i++)
		cr_assert(!pthread_join(decider[i], NULL));
	expect_even();
	ipq_destroy_handle(h);
}

Test(batch_threads, all_do_both)
{
	pthread_t thread[3];

	begin();
	start_sender();
	for (int i = 0; i < 3; i++)
		cr_assert(!pthread_create(&thread[i], NULL, do_both, NULL));
	await_end();
	end_readers(thread, 3);
	expect_even();
	ipq_destroy_handle(h);
}

static void take_in_handler(int unused)
{
	static union message m;
	int saved = errno;
	struct got got;

	(void)unused;
	if (take(&m, &got, -1))
		decide(&got);
	errno = saved;
}

static void *await_even(void *unused)
{
	await_end();
	return unused;
}

/* Wherever it interrupts the program, also inside the library. */
Test(batch_threads, a_signal_handler_reads_and_decides)
{
	struct sigaction action = { .sa_handler = take_in_handler, .sa_flags = SA_RESTART };
	struct itimerval timer = { { 0, 50 }, { 0, 50 } }, none = { 0 };
	static union message m;
	pthread_t listener;
	sigset_t alarm;

	begin();
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
	start_sender();
	cr_assert(!pthread_create(&listener, NULL, await_even, NULL));
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
	cr_assert(!sigaction(SIGALRM, &action, NULL));
	cr_assert(!setitimer(ITIMER_REAL, &timer, NULL));
	while (total < COUNT) {
		struct pollfd fd = { .fd = h->fd, .events = POLLIN };
		struct got got;
		int ready = poll(&fd, 1, DEADLINE);

		if (ready < 0)
			continue;
		cr_assert(ready, "%d were read", total);
		if (take(&m, &got, -1))
			decide(&got);
	}
	setitimer(ITIMER_REAL, &none, NULL);
	pthread_join(listener, NULL);
	expect_even();
	ipq_destroy_handle(h);
}
