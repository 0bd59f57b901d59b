/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts that are held, and one that is left for the next thread that holds the lock:
 * each is sent once, in order, and one stands for several only if it does the same. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include <criterion/criterion.h>

#include "verdicts.h"

static void begin(void);

TestSuite(verdicts_left, .timeout = 60, .init = begin);

#define FD 7
#define QUEUE 3
#define MOST 64

static struct verdicts v;

/* What the library sends: for each message whether it is for all packets up to the id, and
 * the id. Criterion's own calls are passed on. */
static struct sent {
	bool for_all;
	uint32_t id;
} sent[MOST];
static unsigned int count;

static void note(const struct nlmsghdr *nlh)
{
	const struct nfqnl_msg_verdict_hdr *verdict =
		(const void *)((const char *)(nlh + 1) + sizeof(struct nfgenmsg) +
			       sizeof(struct nlattr));

	sent[count++] = (struct sent) {
		(nlh->nlmsg_type & 0xff) == NFQNL_MSG_VERDICT_BATCH, ntohl(verdict->id),
	};
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	const char *at = buf, *end = at + len;

	if (fd != FD)
		return syscall(SYS_sendto, fd, buf, len, flags, NULL, 0);
	for (; at < end; at += ((const struct nlmsghdr *)at)->nlmsg_len)
		note((const struct nlmsghdr *)at);
	return len;
}

/* The state after many quick reads. */
static void begin(void)
{
	verdicts_begin(&v, true);
	v.pace.streak = PACE_STREAK;
	count = 0;
}

static struct request request_of(uint32_t id, unsigned int value)
{
	struct request r = {
		.nlh = { .nlmsg_len = sizeof(r), .nlmsg_type = IPQM_VERDICT, .nlmsg_pid = 99 },
	};

	r.body.msg.verdict.value = value;
	r.body.msg.verdict.id = id;
	return r;
}

/* The program reads packets, and more are held. */
static void read_packets(uint32_t first, uint32_t last)
{
	for (uint32_t id = first; id <= last; id++)
		ids_give(&v.ids, QUEUE, id);
	verdicts_take(&v);
	verdicts_allow(&v, MOST);
}

static void put(uint32_t id)
{
	struct request r = request_of(id, NF_ACCEPT);

	cr_assert(ids_decide(&v.ids, QUEUE, id));
	cr_assert(verdicts_put(&v, FD, &r, QUEUE, id, MOST) == 0);
}

static uint64_t leave(uint32_t id)
{
	struct request r = request_of(id, NF_ACCEPT);

	return verdicts_leave(&v, FD, &r, QUEUE);
}

static void flush(void)
{
	cr_assert(verdicts_flush(&v, FD) == 0);
}

static void expect_one(uint32_t id)
{
	cr_assert(count == 1, "%u messages", count);
	cr_assert(sent[0].for_all && sent[0].id == id, "%u", sent[0].id);
}

static void expect_each(const uint32_t *ids, unsigned int n)
{
	cr_assert(count == n, "%u messages", count);
	for (unsigned int i = 0; i < n; i++)
		cr_assert(!sent[i].for_all && sent[i].id == ids[i], "%u: %u", i, sent[i].id);
}

Test(verdicts_left, verdicts_held_and_left_are_sent_as_one)
{
	read_packets(1, 3);
	put(1);
	for (uint32_t id = 2; id <= 10; id++) {
		read_packets(id + 2, id + 2);
		cr_assert(leave(id) && verdicts_is_left(&v));
	}
	cr_assert(count == 0);
	flush();
	expect_one(10);
}

Test(verdicts_left, a_second_verdict_is_not_left_before_the_first_is_taken)
{
	read_packets(1, 9);
	put(1);
	read_packets(10, 10);
	cr_assert(leave(2) && !leave(3));
	verdicts_take(&v);
	cr_assert(leave(3));
	flush();
	expect_one(3);
}

Test(verdicts_left, a_verdict_left_goes_before_a_verdict_put_later)
{
	static const uint32_t order[] = { 1, 3, 2 };

	read_packets(1, 9);
	put(1);
	read_packets(10, 10);
	cr_assert(leave(3));
	verdicts_take(&v);
	put(2);
	flush();
	expect_each(order, 3);
}

Test(verdicts_left, no_verdict_is_left_where_the_program_may_not_read_again)
{
	read_packets(1, 9);
	put(1);
	read_packets(10, 10);
	cr_assert(leave(2));
	flush();
	cr_assert(!leave(3));
}

Test(verdicts_left, the_first_verdict_of_a_batch_is_never_left)
{
	read_packets(1, 9);
	cr_assert(!leave(1));
	put(1);
	cr_assert(leave(2));
}

Test(verdicts_left, no_verdict_is_left_by_a_program_that_takes_its_time)
{
	read_packets(1, 9);
	put(1);
	v.pace.streak = PACE_STREAK - 1;
	read_packets(10, 10);
	cr_assert(!leave(2));
}

Test(verdicts_left, no_verdict_is_left_that_would_be_one_too_many)
{
	read_packets(1, MOST + 9);
	for (uint32_t id = 1; id < MOST; id++)
		put(id);
	read_packets(MOST + 10, MOST + 10);
	cr_assert(!leave(MOST));
	put(MOST);
	expect_one(MOST);
}

/* The kernel echoes requests that it refuses, so each must be as the program sent it. */
Test(verdicts_left, no_verdict_is_left_that_differs_from_the_first_in_more_than_id_and_value)
{
	struct request r = request_of(2, NF_ACCEPT);

	read_packets(1, 9);
	put(1);
	read_packets(10, 10);
	r.nlh.nlmsg_seq = 1;
	cr_assert(!verdicts_leave(&v, FD, &r, QUEUE));
	r = request_of(2, NF_ACCEPT);
	r.body.msg.verdict.data_len = 1;
	cr_assert(!verdicts_leave(&v, FD, &r, QUEUE));
	r = request_of(2, NF_ACCEPT);
	cr_assert(!verdicts_leave(&v, FD + 1, &r, QUEUE));
	r = request_of(2, NF_DROP);
	cr_assert(verdicts_leave(&v, FD, &r, QUEUE));
}

Test(verdicts_left, a_verdict_left_that_the_kernel_will_refuse_is_sent_to_it)
{
	static const uint32_t order[] = { 2, 3 };

	read_packets(1, 9);
	put(1);
	put(2);
	flush();
	read_packets(10, 10);
	count = 0;
	cr_assert(leave(2));
	verdicts_take(&v);
	put(3);
	flush();
	expect_each(order, 2);
}

/* If no more messages are held by then, either the thread that has read the last one sends
 * it, or the one that has left it. */
Test(verdicts_left, a_verdict_left_too_late_is_taken_or_taken_back)
{
	uint64_t left;

	read_packets(1, 9);
	put(1);
	read_packets(10, 10);
	left = leave(2);
	flush();
	cr_assert(left && !verdicts_is_left(&v) && !verdicts_take_back(&v, left));
	expect_one(2);

	read_packets(11, 11);
	left = leave(3);
	v.may_leave = false;
	cr_assert(left && !verdicts_is_left(&v) && verdicts_take_back(&v, left));
	count = 0;
	flush();
	cr_assert(count == 0);
}

Test(verdicts_left, a_verdict_left_is_sent_at_the_end)
{
	read_packets(1, 9);
	put(1);
	flush();
	count = 0;
	read_packets(10, 10);
	cr_assert(!verdicts_wait(&v) && leave(2) && verdicts_wait(&v));
	flush();
	cr_assert(count == 1 && !verdicts_wait(&v));
}
