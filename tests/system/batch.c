/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: ids with gaps, since packets were lost or are moved to the other family
 * on the same queue number; packets that are held are moved, too. See also batch_*.c. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"
#include "pair.h"

TestSuite(batch, .timeout = 60);

static unsigned char plan[1000];
static struct got got[1000];

/* Packets for which the receive buffer has no room are lost and leave a gap in the ids. A
 * packet that the program has left undecided must not be taken for one of those. */
Test(batch, packets_are_left_among_others_that_were_lost)
{
	struct ipq_handle *h;
	int count, room;

	numbers_network();
	setenv("LIBIPQ_RCVBUF", "100000", 1);
	setenv("LIBIPQ_BATCH", "64", 1);
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	for (int round = 0; round < 12; round++) {
		memset(plan, round % 2 ? DROP : ACCEPT, sizeof(plan));
		numbers_send(0, 400);
		room = numbers_waiting();
		cr_assert(room > 100 && room < 300, "room for %d", room);
		/* before and after the gap: reading makes room for more packets */
		plan[round] = plan[room - 2] = plan[room - 1] = LEAVE;
		plan[room + round % 3] = plan[room + 20] = LEAVE;
		numbers_decide(h, 30, plan, got);
		numbers_send(400, 300);
		count = 30 + numbers_waiting() - (round < 30);
		cr_assert(count > room + 30, "%d", count);
		numbers_decide(h, count - 30, plan + 30, got + 30);
		cr_assert(got[room].number >= 400 && got[room - 1].number < 400);
		numbers_release(h, count, plan, got);
	}
	ipq_destroy_handle(h);
}

/* Sends count numbered packets over IPv4, and one over IPv6 with each "every"th. */
static void send_both(int count, int every)
{
	int fd = udp_open(AF_INET6, 0);

	for (int i = 0; i < count; i++) {
		numbers_send(i, 1);
		if (i % every == 0)
			cr_assert(udp_send(fd, "::1", 9, &i, sizeof(i)) == sizeof(i));
	}
	close(fd);
}

Test(batch, packets_are_left_among_others_that_are_moved_to_the_other_family)
{
	struct ipq_handle *h, *other;

	numbers_network();
	run("ip6tables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	setenv("LIBIPQ_BATCH", "64", 1);
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	other = queue_open(PF_INET6, IPQ_COPY_PACKET, 0);
	for (int every = 1; every < 100; every *= 3) {
		static struct got moved[256];
		unsigned char drop[256];

		memset(plan, every % 2 ? DROP : ACCEPT, sizeof(plan));
		memset(drop, DROP, sizeof(drop));
		plan[0] = plan[100] = plan[128] = plan[190] = plan[255] = LEAVE;
		send_both(256, every);
		pair_settle();
		numbers_decide(h, 256, plan, got);
		cr_assert(numbers_silent(h));	/* this read moves the last ones */
		numbers_decide(other, (256 + every - 1) / every, drop, moved);
		for (int i = 0; i < 256; i += every)
			cr_assert(moved[i / every].number == i);
		cr_assert(numbers_silent(other));
		numbers_release(h, 256, plan, got);
	}
	ipq_destroy_handle(other);
	ipq_destroy_handle(h);
}

#define STREAM 5000

static pid_t start_stream(int i)
{
	pid_t pid = fork();
	int fd;

	cr_assert(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(pair[0]->fd);
	close(pair[1]->fd);
	fd = udp_open(pair_family(i), 0);
	for (int n = 0; n < STREAM; n++)
		if (udp_send(fd, i ? "::1" : "127.0.0.1", 9, &n, sizeof(n)) != sizeof(n))
			_exit(1);
	_exit(0);
}

/* The handle that owns the number moves the packets of the other. */
static void expect_streams(int first)
{
	int next[2] = { 0, 0 }, status;
	pid_t sender[2];

	setenv("LIBIPQ_BATCH", "64", 1);
	pair_network("QUEUE");
	pair_open(first);
	for (int i = 0; i < 2; i++)
		sender[i] = start_stream(i);
	while (next[0] + next[1] < 2 * STREAM) {
		int i;
		ipq_packet_msg_t *p = pair_any(&i);

		cr_assert(number_of(p) == next[i], "IPv%d: %d and not %d", i ? 6 : 4,
			  number_of(p), next[i]);
		next[i]++;
		ipq_set_verdict(pair[i], p->packet_id, NF_DROP, 0, NULL);
	}
	for (int i = 0; i < 2; i++)
		cr_assert(waitpid(sender[i], &status, 0) == sender[i] && status == 0);
	cr_assert(pair_silent());
	pair_close_both();
}

Test(batch, streams_of_both_families_come_whole_and_in_order)
{
	expect_streams(0);
	expect_streams(1);
}

/* Ten packets of the owner's wait, of which one is read; then five of the
 * other handle's come. */
static void leave_some(int holder)
{
	setenv("LIBIPQ_BATCH", "64", 1);
	pair_network("QUEUE");
	pair_open(holder);
	for (int n = 0; n < 10; n++)
		pair_say(holder, "mine");
	pair_expect(holder, "mine");
	for (int n = 0; n < 5; n++)
		pair_say(!holder, "yours");
}

Test(batch, what_waits_behind_the_holders_own_is_not_lost_with_it)
{
	for (int holder = 0; holder < 2; holder++) {
		leave_some(holder);
		pair_close(holder);
		for (int n = 0; n < 5; n++)
			pair_expect(!holder, "yours");
		cr_assert(pair_silent());
		pair_close(!holder);
	}
}
