/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq_read: how long it waits, what ends the wait, and what it does not change (FACTS 4;
 * see also buffers.c, readiness.c, strangers.c and threads.c). */
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "queue.h"
#include "reader.h"

TestSuite(reading, .timeout = 60);

/* µs that a busy machine may take longer. */
#define SLACK 700000

static volatile sig_atomic_t signals_handled;

static void count_signal(int number)
{
	(void)number;
	signals_handled++;
}

static void handle_signals(int flags)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };

	cr_assert(!sigaction(SIGUSR1, &action, NULL));
}

/* Sends a signal to the thread and waits until its handler has run. */
static void interrupt(struct reader *r)
{
	long long limit = clock_us() + DEADLINE * 1000LL;
	int before = signals_handled;

	cr_assert(!pthread_kill(r->thread, SIGUSR1));
	while (signals_handled == before)
		cr_assert(clock_us() < limit, "the signal is not delivered");
}

static struct ipq_handle *queue_port_9(void)
{
	run("iptables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	return queue_open(PF_INET, IPQ_COPY_META, 0);
}

Test(reading, without_a_message_a_read_ends_when_its_time_is_over)
{
	static const struct {
		int timeout, lasts;
	} rows[] = {
		{ -1, 0 }, { -1500000, 0 }, { INT_MIN, 0 },
		{ 1, 1 }, { 300000, 300000 }, { 1500000, 1500000 },
	};
	struct ipq_handle *h;
	union message m;
	long long took;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ipq_read(h, m.buf, 0, 0);	/* sets a text other than "Timeout" */
		errno = EDOM;
		took = -clock_us();
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), rows[i].timeout) == 0);
		took += clock_us();
		cr_assert(errno == EDOM);
		cr_assert_str_eq(ipq_errstr(), "Timeout");
		cr_assert(took >= rows[i].lasts && took < rows[i].lasts + SLACK,
			  "timeout %d took %lld", rows[i].timeout, took);
	}
	ipq_destroy_handle(h);
}

Test(reading, a_message_that_is_there_is_returned_whatever_the_timeout)
{
	static const int timeouts[] = { INT_MIN, -1, 0, 1, 300000, INT_MAX };
	struct ipq_handle *h;
	union message m;
	long long began;

	network_enter();
	h = queue_port_9();
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(*timeouts); i++) {
		udp_say(AF_INET, 9, "hello");
		began = clock_us();
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), timeouts[i]) > 0,
			  "timeout %d", timeouts[i]);
		cr_assert(clock_us() < began + SLACK);
	}
	ipq_destroy_handle(h);
}

Test(reading, a_packet_ends_the_waiting)
{
	static const int timeouts[] = { 0, SOON, INT_MAX };
	struct ipq_handle *h;
	struct reader r;

	network_enter();
	h = queue_port_9();
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(*timeouts); i++) {
		reader_start(&r, h, timeouts[i]);
		udp_say(AF_INET, 9, "hello");
		reader_end(&r);
		cr_assert(r.n > 0 && ipq_message_type(r.m.buf) == IPQM_PACKET);
	}
	ipq_destroy_handle(h);
}

Test(reading, timeout_0_waits_for_ever)
{
	struct ipq_handle *h;
	struct reader r;

	network_enter();
	h = queue_port_9();
	reader_start(&r, h, 0);
	cr_assert(poll(NULL, 0, 1000) == 0);
	cr_assert(reader_waits(&r));
	udp_say(AF_INET, 9, "hello");
	reader_end(&r);
	cr_assert(r.n > 0);
	ipq_destroy_handle(h);
}

/* Even with SA_RESTART: the old library waited in select(2), which is not restarted. */
Test(reading, a_signal_ends_a_timed_wait_with_0_and_leaves_the_text)
{
	static const int flags[] = { 0, SA_RESTART };
	struct ipq_handle *h;
	struct reader r;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		handle_signals(flags[i]);
		reader_start(&r, h, SOON);
		interrupt(&r);
		reader_end(&r);
		cr_assert(r.n == 0 && r.error == EINTR);
		cr_assert_str_eq(r.text, READER_TEXT);
	}
	ipq_destroy_handle(h);
}

Test(reading, a_signal_ends_an_endless_wait_with_EINTR)
{
	struct ipq_handle *h;
	struct reader r;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	handle_signals(0);
	reader_start(&r, h, 0);
	interrupt(&r);
	reader_end(&r);
	cr_assert(r.n == -1 && r.error == EINTR);
	cr_assert_str_eq(r.text, "Failed to receive netlink message");
	ipq_destroy_handle(h);
}

Test(reading, an_endless_wait_goes_on_after_a_restarting_handler)
{
	struct ipq_handle *h;
	struct reader r;

	network_enter();
	h = queue_port_9();
	handle_signals(SA_RESTART);
	reader_start(&r, h, 0);
	for (int i = 0; i < 3; i++) {
		interrupt(&r);
		cr_assert(reader_waits(&r), "ipq_read returns %zd: %s", r.n,
			  strerror(r.error));
	}
	udp_say(AF_INET, 9, "hello");
	reader_end(&r);
	cr_assert(r.n > 0 && ipq_message_type(r.m.buf) == IPQM_PACKET);
	ipq_destroy_handle(h);
}

Test(reading, a_non_blocking_descriptor_gives_EAGAIN)
{
	struct ipq_handle *h;
	union message m;

	network_enter();
	h = queue_port_9();
	cr_assert(!fcntl(h->fd, F_SETFL, fcntl(h->fd, F_GETFL) | O_NONBLOCK));
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), 0) == -1);
	cr_assert(errno == EAGAIN);
	cr_assert_str_eq(ipq_errstr(), "Failed to receive netlink message");
	udp_say(AF_INET, 9, "hello");
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), 0) > 0);
	/* with a timeout, O_NONBLOCK makes no difference */
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), 1000) == 0);
	cr_assert_str_eq(ipq_errstr(), "Timeout");
	ipq_destroy_handle(h);
}

Test(reading, a_closed_descriptor_is_an_error_at_once)
{
	static const int timeouts[] = { 0, 1, 300000, SOON };
	struct ipq_handle *h;
	union message m;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	close(h->fd);
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(*timeouts); i++) {
		ipq_read(h, m.buf, 0, 0);
		errno = 0;
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), timeouts[i]) == -1);
		cr_assert(errno == EBADF);
		cr_assert_str_eq(ipq_errstr(), "Failed to receive netlink message");
	}
	ipq_destroy_handle(h);
}

Test(reading, a_message_leaves_errno_and_the_error_text_alone)
{
	static const int timeouts[] = { -1, 0, 300000 };
	struct ipq_handle *h;
	union message m;

	network_enter();
	h = queue_port_9();
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(*timeouts); i++) {
		udp_say(AF_INET, 9, "hello");
		ipq_set_mode(h, 99, 0);
		ipq_read(h, m.buf, 0, 0);
		for (int message = 0; message < 2; message++) {
			errno = message ? EDOM : 0;
			cr_assert(ipq_read(h, m.buf, sizeof(m.buf), timeouts[i]) > 0);
			cr_assert(errno == (message ? EDOM : 0));
			cr_assert_str_eq(ipq_errstr(), "Receive buffer size invalid");
		}
	}
	ipq_destroy_handle(h);
}

Test(reading, packets_and_refusals_come_in_the_order_they_happened)
{
	struct ipq_handle *h;
	union message m;

	network_enter();
	h = queue_port_9();
	for (int i = 0; i < 3; i++) {
		udp_say(AF_INET, 9, "hello");
		ipq_set_mode(h, 3, 0);
		udp_say(AF_INET, 9, "hello");
		ipq_set_verdict(h, 999, NF_ACCEPT, 0, NULL);
	}
	for (int i = 0; i < 3; i++) {
		queue_packet(h, &m);
		cr_assert(queue_error(h) == EINVAL);
		queue_packet(h, &m);
		cr_assert(queue_error(h) == ENOENT);
	}
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

/* select(2) could not. */
Test(reading, a_timeout_works_for_a_descriptor_above_1023)
{
	struct rlimit files;
	struct ipq_handle *h;
	union message m;
	struct reader r;
	int fd;

	NOT_CARRIED("it waits in select(2)");
	network_enter();
	cr_assert(!getrlimit(RLIMIT_NOFILE, &files));
	files.rlim_cur = files.rlim_max;
	cr_assert(!setrlimit(RLIMIT_NOFILE, &files));
	if (files.rlim_max < 1200)
		cr_skip_test("the limit of open files is too low");
	do
		fd = dup(0);
	while (fd >= 0 && fd < 1100);
	h = queue_port_9();
	cr_assert(h->fd > 1023);
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), 1000) == 0);
	cr_assert_str_eq(ipq_errstr(), "Timeout");
	reader_start(&r, h, SOON);
	udp_say(AF_INET, 9, "hello");
	reader_end(&r);
	cr_assert(r.n > 0);
	ipq_destroy_handle(h);
}

/* As in a program that closes descriptors it does not know, and opens something else. */
Test(reading, a_read_of_a_descriptor_that_became_another_socket_fails_at_once)
{
	static const int timeouts[] = { 0, -1, SOON };
	struct ipq_handle *h;
	union message m;
	int ends[2];

	NOT_CARRIED("it reads whatever it is");
	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	cr_assert(dup2(ends[0], h->fd) == h->fd && !close(ends[0]) && !close(ends[1]));
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(*timeouts); i++) {
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), timeouts[i]) == -1);
		cr_assert(errno == ENOTSOCK, "%s", strerror(errno));
		cr_assert_str_eq(ipq_errstr(), "Failed to receive netlink message");
	}
	ipq_destroy_handle(h);
}
