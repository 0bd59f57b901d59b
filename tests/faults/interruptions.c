/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A signal arrives every 100 us, wherever the program is; its handler is installed
 * without SA_RESTART. No packet is lost, and functions return the documented results. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "queue.h"
#include "reader.h"
#include "traffic.h"

TestSuite(interruptions, .timeout = 60);

static volatile sig_atomic_t signals;

static void count_signal(int unused)
{
	(void)unused;
	signals++;
}

static void signals_begin(void)
{
	struct itimerval timer = { { 0, 100 }, { 0, 100 } };
	struct sigaction action = { .sa_handler = count_signal };

	cr_assert(!sigaction(SIGALRM, &action, NULL));
	cr_assert(!setitimer(ITIMER_REAL, &timer, NULL));
}

static void signals_end(void)
{
	cr_assert(!setitimer(ITIMER_REAL, &(struct itimerval) { 0 }, NULL));
}

/* Sends from a process of its own, with a pause after every ten packets, so that the
 * reader has to wait. */
static pid_t send_slowly(int count)
{
	pid_t pid = fork();

	cr_assert(pid >= 0);
	for (int i = 0; pid == 0 && i < count; i++) {
		traffic_send(1);
		if (i % 10 == 0)
			usleep(1000);
	}
	if (pid == 0)
		_exit(0);
	return pid;
}

/* Reads with a timeout; a signal may interrupt it. Returns whether there was a packet. */
static bool read_or_be_interrupted(struct ipq_handle *h, union message *m, int timeout,
				   unsigned int *interrupted)
{
	ssize_t n;

	/* sets an error text that a read with this buffer does not set */
	ipq_read(h, m->buf, 0, 0);
	errno = 0;
	n = ipq_read(h, m->buf, sizeof(m->buf), timeout);
	if (n > 0) {
		cr_assert(errno == 0);
		cr_assert(ipq_message_type(m->buf) == IPQM_PACKET);
		return true;
	}
	cr_assert(errno == EINTR, "%zd: %s: %s", n, ipq_errstr(), strerror(errno));
	if (timeout == 0) {
		cr_assert(n == -1);
		cr_assert_str_eq(ipq_errstr(), "Failed to receive netlink message");
	} else {
		cr_assert(n == 0);
		cr_assert_str_eq(ipq_errstr(), "Receive buffer size invalid");
	}
	++*interrupted;
	return false;
}

static void lose_nothing(int timeout)
{
	const unsigned int count = 3000;
	unsigned int read = 0, accepted = 0, interrupted = 0;
	struct ipq_handle *h;
	struct queue_figures f;
	long long limit;
	union message m;
	pid_t pid;

	network_enter();
	traffic_watch();
	/* on a busy machine the sender may be ahead of the reader, which is interrupted */
	setenv("LIBIPQ_MAXLEN", "4096", 1);
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	pid = send_slowly(count);
	signals_begin();
	limit = clock_us() + 20 * SOON;
	while (read < count) {
		unsigned int verdict = read % 3 ? NF_ACCEPT : NF_DROP;

		cr_assert(clock_us() < limit, "%u packets came", read);
		if (!read_or_be_interrupted(h, &m, timeout, &interrupted))
			continue;
		cr_assert(ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, verdict,
					  0, NULL) == VERDICT_SENT);
		accepted += verdict == NF_ACCEPT;
		read++;
	}
	signals_end();
	cr_assert(waitpid(pid, NULL, 0) == pid);

	cr_assert(interrupted > 10, "%u reads were interrupted", interrupted);
	cr_assert(queue_silent(h));
	cr_assert(queue_figures(0, &f));
	cr_assert(!f.waiting && !f.dropped_full && !f.dropped_socket);
	cr_assert(traffic_arrived(accepted) == accepted);
	ipq_destroy_handle(h);
}

Test(interruptions, an_endless_read_gives_EINTR_and_loses_nothing)
{
	lose_nothing(0);
}

Test(interruptions, a_timed_read_gives_0_with_EINTR_and_loses_nothing)
{
	lose_nothing(SOON);
}

/* These calls do not wait, so there is nothing to interrupt. */
Test(interruptions, signals_do_not_change_looks_verdicts_and_refusals)
{
	struct ipq_handle *h;
	union message m;

	network_enter();
	traffic_watch();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	signals_begin();
	signals = 0;
	for (int i = 0; i < 2000 || signals < 1000; i++) {
		cr_assert(ipq_set_verdict(h, 0x70000000, NF_ACCEPT, 0, NULL) ==
			  VERDICT_SENT);
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), -1) > 0);
		cr_assert(ipq_get_msgerr(m.buf) == ENOENT);
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), -1) == 0);
		cr_assert_str_eq(ipq_errstr(), "Timeout");
	}
	signals_end();
	ipq_destroy_handle(h);
}

Test(interruptions, signals_do_not_change_creating_claiming_and_destroying)
{
	union message m;

	network_enter();
	signals_begin();
	signals = 0;
	for (int i = 0; i < 200 || signals < 1000; i++) {
		struct ipq_handle *h = ipq_create_handle(0, PF_INET);
		struct queue_figures f;

		cr_assert(h, "%s: %s", ipq_errstr(), strerror(errno));
		cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) == MODE_SENT);
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), -1) == 0);
		cr_assert(queue_figures(0, &f) && f.mode == IPQ_COPY_META);
		cr_assert(ipq_destroy_handle(h) == 0);
	}
	signals_end();
}
