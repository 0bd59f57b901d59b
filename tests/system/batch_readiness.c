/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: the descriptor is readable exactly if ipq_read has a message, even while
 * messages are held that are no longer in the socket. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"
#include "reader.h"

TestSuite(batch_readiness, .timeout = 60);

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const char *const batches[] = { "2", "64", "1024" };
static const int counts[] = { 1, 2, 3, 5, 63, 64, 65, 200 };

static struct ipq_handle *h;
static union message m;

static void begin(const char *batch)
{
	setenv("LIBIPQ_BATCH", batch, 1);
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
}

/* Functions that tell whether the descriptor is readable now. */

static bool by_poll(void)
{
	struct pollfd fd = { .fd = h->fd, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static bool by_select(void)
{
	struct timeval none = { 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(h->fd, &set);
	return select(h->fd + 1, &set, NULL, NULL, &none) == 1;
}

static int epoll;

static void watch(uint32_t how)
{
	struct epoll_event event = { .events = EPOLLIN | how };

	if (epoll > 0)
		close(epoll);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	cr_assert(epoll >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, h->fd, &event));
}

static bool by_epoll(void)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, 0) == 1;
}

/* The next message must be the packet with this number. */
static void take(int number, int timeout)
{
	ssize_t n = ipq_read(h, m.buf, sizeof(m.buf), timeout);

	cr_assert(n > 0 && ipq_message_type(m.buf) == IPQM_PACKET, "for %d: %zd, %s: %s",
		  number, n, ipq_errstr(), strerror(errno));
	cr_assert(number_of(ipq_get_packet(m.buf)) == number, "%d and not %d",
		  number_of(ipq_get_packet(m.buf)), number);
	numbers_verdict(h, ipq_get_packet(m.buf)->packet_id, DROP);
}

/* Reads count packets. The descriptor must be readable before each, and not
 * after the last. */
static void expect(bool (*readable)(void), int count, int timeout)
{
	for (int i = 0; i < count; i++) {
		cr_assert(readable(), "%d of %d are left", count - i, count);
		take(i, timeout);
	}
	cr_assert(!readable(), "after %d", count);
	cr_assert(numbers_silent(h));
}

/* Tries several numbers of packets, with a new handle and with one that has
 * been read before. */
static void expect_always(bool (*readable)(void), int timeout)
{
	numbers_network();
	/* ends the test if a read waits where it should not */
	alarm(30);
	for (size_t b = 0; b < COUNT_OF(batches); b++) {
		for (size_t c = 0; c < 2 * COUNT_OF(counts); c++) {
			if (c <= COUNT_OF(counts)) {
				begin(batches[b]);
				watch(0);
			}
			numbers_send(0, counts[c % COUNT_OF(counts)]);
			expect(readable, counts[c % COUNT_OF(counts)], timeout);
			if (c < COUNT_OF(counts))
				ipq_destroy_handle(h);
		}
		ipq_destroy_handle(h);
	}
}

Test(batch_readiness, poll_tells_whether_there_is_a_message)
{
	expect_always(by_poll, -1);
}

Test(batch_readiness, select_tells_whether_there_is_a_message_before_reads_that_wait)
{
	expect_always(by_select, 0);
}

Test(batch_readiness, epoll_tells_whether_there_is_a_message_before_reads_with_a_time)
{
	expect_always(by_epoll, SOON);
}

/* Packets are sent while others are held. */
Test(batch_readiness, poll_tells_the_truth_while_more_come)
{
	numbers_network();
	for (size_t b = 0; b < COUNT_OF(batches); b++) {
		int sent = 0, taken = 0;

		begin(batches[b]);
		for (int round = 1; round < 60; round++) {
			numbers_send(sent, round % 7);
			sent += round % 7;
			for (int i = 0; i < round % 5 && taken < sent; i++) {
				cr_assert(by_poll(), "%d of %d", taken, sent);
				take(taken++, -1);
			}
			cr_assert(by_poll() == (taken < sent), "%d of %d", taken, sent);
		}
		while (taken < sent) {
			cr_assert(by_poll(), "%d of %d", taken, sent);
			take(taken++, -1);
		}
		cr_assert(!by_poll() && numbers_silent(h));
		ipq_destroy_handle(h);
	}
}

/* Error messages come in order with the packets. */
Test(batch_readiness, an_error_message_is_a_message)
{
	numbers_network();
	begin("64");
	for (int before = 0; before < 4; before++) {
		numbers_send(0, 5);
		for (int i = 0; i < before; i++)
			take(i, -1);
		ipq_set_mode(h, 77, 0);
		numbers_send(5, 5);
		for (int i = before; i < 11; i++) {
			cr_assert(by_poll());
			if (i == 5)
				cr_assert(queue_error(h) == EINVAL);
			else
				take(i - (i > 5), -1);
		}
		cr_assert(!by_poll() && numbers_silent(h));
	}
	ipq_destroy_handle(h);
}

static void make_nonblocking(void)
{
	cr_assert(!fcntl(h->fd, F_SETFL, O_NONBLOCK));
}

/* Reads until there is none, as a program that uses edge-triggered events must. Sends a
 * packet after each "every" packets read. Returns the next number. */
static int take_all(int next, int sent, int every)
{
	ssize_t n;

	for (int i = 1; (n = ipq_read(h, m.buf, sizeof(m.buf), 0)) > 0; i++) {
		cr_assert(number_of(ipq_get_packet(m.buf)) == next++);
		numbers_verdict(h, ipq_get_packet(m.buf)->packet_id, DROP);
		if (i % every == 0)
			numbers_send(sent++, 1);
	}
	cr_assert(n == -1 && errno == EAGAIN, "%s: %s", ipq_errstr(), strerror(errno));
	cr_assert(next == sent, "of %d there is none after %d", sent, next);
	return next;
}

Test(batch_readiness, who_waits_for_edges_and_reads_all_misses_nothing)
{
	numbers_network();
	for (size_t b = 0; b < COUNT_OF(batches); b++) {
		int next = 0;

		begin(batches[b]);
		make_nonblocking();
		watch(EPOLLET);
		for (size_t c = 0; c < 2 * COUNT_OF(counts); c++) {
			int count = counts[c % COUNT_OF(counts)];

			numbers_send(next, count);
			cr_assert(by_epoll(), "%d came", count);
			next = take_all(next, next + count, 2 + c);
			cr_assert(!by_epoll(), "an edge for nothing");
		}
		ipq_destroy_handle(h);
	}
}

/* If it is not read, the next packet is still an edge: the event is the kernel's own. */
Test(batch_readiness, each_packet_is_an_edge)
{
	numbers_network();
	begin("64");
	watch(EPOLLET);
	for (int i = 0; i < 100; i++) {
		numbers_send(2 * i, 2);
		cr_assert(by_epoll(), "after %d", 2 * i);
		take(i, -1);
	}
	ipq_destroy_handle(h);
}

Test(batch_readiness, a_non_blocking_descriptor_does_not_wait)
{
	numbers_network();
	for (size_t b = 0; b < COUNT_OF(batches); b++) {
		begin(batches[b]);
		make_nonblocking();
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), 0) == -1 && errno == EAGAIN);
		for (size_t c = 0; c < COUNT_OF(counts); c++) {
			numbers_send(0, counts[c]);
			cr_assert(take_all(0, counts[c], 1000) == counts[c]);
		}
		ipq_destroy_handle(h);
	}
}

#define A_WHILE 50000

Test(batch_readiness, with_a_time_it_waits_when_nothing_is_left_and_only_then)
{
	long long began;

	numbers_network();
	for (size_t b = 0; b < COUNT_OF(batches); b++) {
		begin(batches[b]);
		numbers_send(0, 65);
		began = clock_us();
		for (int i = 0; i < 65; i++)
			take(i, 600000000);
		cr_assert(clock_us() - began < SOON);
		began = clock_us();
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), A_WHILE) == 0);
		cr_assert(clock_us() - began >= A_WHILE);
		cr_assert_str_eq(ipq_errstr(), "Timeout");
		ipq_destroy_handle(h);
	}
}

/* By messages that are held, and by one that arrives afterwards. */
Test(batch_readiness, a_read_that_waits_is_woken)
{
	struct reader r;

	numbers_network();
	begin("64");
	for (int i = 0; i < 3; i++) {
		reader_start(&r, h, i ? SOON : 0);
		numbers_send(0, 70);
		reader_end(&r);
		cr_assert(r.n > 0 && number_of(ipq_get_packet(r.m.buf)) == 0);
		for (int n = 1; n < 70; n++)
			take(n, 0);
		cr_assert(!by_poll());
	}
	ipq_destroy_handle(h);
}

/* Verdicts may be held only as long as messages are held, and so the
 * descriptor is readable. */
Test(batch_readiness, no_verdict_is_held_while_nothing_is_readable)
{
	static struct got got[256];
	static unsigned char plan[256];

	numbers_network();
	begin("64");
	for (int last = 1; last < 100; last *= 2) {
		memset(plan, ACCEPT, sizeof(plan));
		memset(plan + 256 - last, LEAVE, last);
		numbers_send(0, 256);
		numbers_decide(h, 256, plan, got);
		cr_assert(!by_poll());
		numbers_release(h, 256, plan, got);
	}
	ipq_destroy_handle(h);
}
