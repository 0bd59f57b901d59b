/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: verdicts that are held and sent together do what the program has decided,
 * and nothing else. They are held only after the program has read and decided on 64
 * packets without a pause, so each test has some hundreds of packets wait. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <criterion/criterion.h>

#include "datagram.h"
#include "network.h"
#include "numbers.h"

TestSuite(batch_verdicts, .timeout = 60);

#define COUNT 256
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static struct ipq_handle *h;
static unsigned char plan[COUNT];
static struct got got[COUNT];

static void begin_with(const char *batch)
{
	numbers_network();
	setenv("LIBIPQ_BATCH", batch, 1);
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	memset(plan, ACCEPT, sizeof(plan));
}

static void begin(void)
{
	begin_with("64");
}

static void fill(void)
{
	numbers_send(0, COUNT);
	cr_assert(numbers_waiting() == COUNT);
}

static void end(void)
{
	ipq_destroy_handle(h);
}

/* Positions in batches of 64: first, last and in between. */
Test(batch_verdicts, a_packet_left_undecided_waits_wherever_it_stands)
{
	static const int position[] = {
		0, 1, 63, 64, 65, 100, 126, 127, 128, 129, 191, 192, COUNT - 2, COUNT - 1,
	};

	begin();
	for (size_t i = 0; i < 2 * COUNT_OF(position); i++) {
		memset(plan, i % 2 ? DROP : ACCEPT, sizeof(plan));
		plan[position[i / 2]] = LEAVE;
		fill();
		numbers_decide(h, COUNT, plan, got);
		numbers_release(h, COUNT, plan, got);
	}
	end();
}

Test(batch_verdicts, several_left_packets_wait_and_each_is_decided_alone_later)
{
	begin();
	for (int step = 2; step < COUNT; step *= 2) {
		for (int i = 0; i < COUNT; i++)
			plan[i] = i % step == step / 2 ? LEAVE : ACCEPT;
		fill();
		numbers_decide(h, COUNT, plan, got);
		numbers_expect(h, COUNT, plan, got);
		for (int i = COUNT - 1; i >= 0; i -= 2)
			if (plan[i] == LEAVE)
				numbers_verdict(h, got[i].id, plan[i] = DROP);
		numbers_release(h, COUNT, plan, got);
	}
	end();
}

/* It is older than all batches that follow. */
Test(batch_verdicts, a_packet_left_long_ago_outlasts_a_thousand_others)
{
	struct got first;

	begin();
	numbers_send(1000, 1);
	numbers_decide(h, 1, (unsigned char[]) { LEAVE }, &first);
	for (int round = 0; round < 5; round++) {
		numbers_send(0, COUNT);
		numbers_decide(h, COUNT, plan, got);
		numbers_arrived(COUNT);
		numbers_forget();
		cr_assert(numbers_waiting() == 1);
	}
	numbers_verdict(h, first.id, ACCEPT);
	cr_assert(numbers_arrived(1)[1000] == 1);
	cr_assert(numbers_silent(h));
	end();
}

/* At the latest it waits when it has decided on so many at a time, and for what it has
 * accepted to arrive. */
Test(batch_verdicts, who_decides_and_then_waits_elsewhere_does_not_wait_in_vain)
{
	static const int at_a_time[] = { 1, 2, 7, 30, 63 };

	begin();
	fill();
	numbers_decide(h, COUNT, plan, got);
	numbers_arrived(COUNT);
	for (size_t i = 0; i < COUNT_OF(at_a_time); i++) {
		numbers_forget();
		fill();
		for (int n = at_a_time[i]; n <= COUNT; n += at_a_time[i]) {
			numbers_decide(h, at_a_time[i], plan, got);
			numbers_arrived(n);
		}
		numbers_decide(h, COUNT % at_a_time[i], plan, got);
		numbers_arrived(COUNT);
	}
	end();
}

static void plan_at_random(void)
{
	static unsigned int random = 1;

	for (int i = 0; i < COUNT; i++) {
		random = random * 1103515245 + 12345;
		/* make runs of the same verdict, and leave few */
		if (random >> 16 & 7 || i == 0)
			plan[i] = random >> 20 & 15 ? 1 + (random >> 24 & 1) : LEAVE;
		else
			plan[i] = plan[i - 1];
	}
}

Test(batch_verdicts, accepted_and_dropped_ones_in_any_pattern)
{
	static const char *const batches[] = { "2", "64", "1024" };

	for (size_t b = 0; b < COUNT_OF(batches); b++) {
		begin_with(batches[b]);
		for (int round = 0; round < 12; round++) {
			plan_at_random();
			fill();
			numbers_decide(h, COUNT, plan, got);
			numbers_release(h, COUNT, plan, got);
		}
		end();
	}
}

/* At most 512 are held, however large the batch is. */
Test(batch_verdicts, more_than_can_be_held)
{
	static unsigned char plans[900];
	static struct got gots[900];
	int count;

	begin_with("1024");
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 900; i++)
			plans[i] = i % 2 || i < 100 ? DROP : ACCEPT;
		plans[110] = plans[800] = LEAVE;
		numbers_send(0, 900);
		count = numbers_waiting();
		numbers_decide(h, count, plans, gots);
		numbers_release(h, count, plans, gots);
	}
	end();
}

/* Reads some packets, then decides on them in another order. */
Test(batch_verdicts, verdicts_may_be_given_in_any_order)
{
	static const struct {
		int some, step;
	} rows[] = { { 2, -1 }, { 64, -1 }, { 100, -1 }, { COUNT, -1 }, { 64, 5 }, { 101, 7 } };
	unsigned char none[COUNT] = { LEAVE };

	begin();
	for (size_t r = 0; r < COUNT_OF(rows); r++) {
		memset(plan, ACCEPT, sizeof(plan));
		fill();
		for (int at = 0, some; at < COUNT; at += some) {
			some = rows[r].some < COUNT - at ? rows[r].some : COUNT - at;
			numbers_decide(h, some, none, got + at);
			for (int i = 0, n = some - 1; i < some; i++) {
				numbers_verdict(h, got[at + n].id, ACCEPT);
				n = (n + rows[r].step + some) % some;
			}
		}
		numbers_release(h, COUNT, plan, got);
	}
	end();
}

/* Like a program that delays packets: it reads one packet for each verdict, and of three
 * packets accepts the second before the first. */
Test(batch_verdicts, packets_go_on_in_the_order_of_the_verdicts)
{
	unsigned char none[1] = { LEAVE };
	int order[COUNT];

	begin();
	for (int i = 0; i < COUNT; i++)
		order[i] = i == COUNT - 1 ? i : i / 3 * 3 + (int[]) { 1, 0, 2 }[i % 3];
	for (int round = 0; round < 10; round++) {
		fill();
		for (int i = 0; i <= COUNT; i++) {
			if (i < COUNT)
				numbers_decide(h, 1, none, got + i);
			if (i > 0)
				numbers_verdict(h, got[order[i - 1]].id, ACCEPT);
		}
		numbers_arrived(COUNT);
		for (int i = 0; i < COUNT; i++)
			cr_assert(numbers_order()[i] == order[i], "as %d. comes %d, not %d",
				  i, numbers_order()[i], order[i]);
		numbers_forget();
	}
	end();
}

/* Exactly "count" error messages must be there. */
static void expect_errors(int error, int count)
{
	for (int i = 0; i < count; i++)
		cr_assert(queue_error(h) == error);
	cr_assert(numbers_silent(h));
}

static void repeat(int i)
{
	numbers_verdict(h, got[i].id, DROP);
}

static void invent(int i)
{
	numbers_verdict(h, got[i].id + 1000000, DROP);
}

Test(batch_verdicts, a_verdict_too_many_is_refused_and_does_nothing_else)
{
	static void (*const disturb[])(int) = { repeat, invent };

	begin();
	for (size_t n = 0; n < COUNT_OF(disturb); n++) {
		memset(plan, ACCEPT, sizeof(plan));
		plan[130] = LEAVE;
		fill();
		numbers_decide(h, 140, plan, got);
		disturb[n](139);	/* perhaps held */
		disturb[n](10);		/* sent long ago */
		numbers_decide(h, COUNT - 140, plan + 140, got + 140);
		expect_errors(ENOENT, 2);
		numbers_release(h, COUNT, plan, got);
	}
	end();
}

/* Verdicts that ip_queue refuses. */
Test(batch_verdicts, a_packet_whose_verdict_is_refused_waits)
{
	static const unsigned int refused[] = { NF_STOLEN, 77, 0xffffffff };

	begin();
	for (size_t n = 0; n < COUNT_OF(refused); n++) {
		memset(plan, n % 2 ? DROP : ACCEPT, sizeof(plan));
		plan[140] = LEAVE;
		fill();
		numbers_decide(h, 141, plan, got);
		ipq_set_verdict(h, got[140].id, refused[n], 0, NULL);
		numbers_decide(h, COUNT - 141, plan + 141, got + 141);
		expect_errors(EINVAL, 1);
		numbers_release(h, COUNT, plan, got);
	}
	end();
}

static void make_send_buffer_small(void)
{
	int bytes = 1;	/* becomes a few thousand (socket(7)) */

	cr_assert(!setsockopt(h->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)));
}

Test(batch_verdicts, a_packet_whose_verdict_cannot_be_sent_waits)
{
	static unsigned char packet[20000];

	begin();
	make_send_buffer_small();
	plan[140] = LEAVE;
	fill();
	numbers_decide(h, 141, plan, got);
	cr_assert(ipq_set_verdict(h, got[140].id, NF_ACCEPT, sizeof(packet), packet) == -1);
	cr_assert(errno == EMSGSIZE);
	numbers_decide(h, COUNT - 141, plan + 141, got + 141);
	numbers_release(h, COUNT, plan, got);
	end();
}

/* More verdicts are held than fit into it. */
Test(batch_verdicts, a_small_send_buffer_is_large_enough)
{
	begin();
	make_send_buffer_small();
	for (int i = 0; i < COUNT; i++)
		plan[i] = i % 2 ? ACCEPT : DROP;
	fill();
	numbers_decide(h, COUNT, plan, got);
	numbers_expect(h, COUNT, plan, got);
	end();
}

/* The last of each 70 packets is decided on in a different way, by "decide"; the others
 * are accepted, except two that are left. */
#define EVERY 70

static void decide_but(void (*decide)(int))
{
	fill();
	plan[EVERY - 10] = plan[2 * EVERY + 10] = LEAVE;
	for (int i = 0; i < COUNT; i += EVERY) {
		int n = EVERY < COUNT - i ? EVERY : COUNT - i;

		plan[i + n - 1] = LEAVE;
		numbers_decide(h, n, plan + i, got + i);
		decide(i + n - 1);
	}
}

static void replace(int i)
{
	static unsigned char packet[DATAGRAM_MAX];
	uint32_t number = 1000 + i;
	struct got changed = { .id = got[i].id };
	size_t len = datagram_with(packet, numbers_model(), &number, sizeof(number));

	ipq_set_verdict(h, changed.id, NF_ACCEPT, len, packet);
	got[i].number = number;
	plan[i] = ACCEPT;
}

Test(batch_verdicts, packets_replaced_in_between)
{
	begin();
	decide_but(replace);
	numbers_release(h, COUNT, plan, got);
	end();
}

/* Packets with this mark are dropped when they arrive. */
static void give_mark(int i)
{
	ipq_set_vwmark(h, got[i].id, NF_ACCEPT, 7, 0, NULL);
	plan[i] = DROP;
}

Test(batch_verdicts, packets_marked_in_between)
{
	begin();
	run("iptables-legacy -A INPUT -p udp --dport 9 -m mark --mark 7 -j DROP");
	decide_but(give_mark);
	numbers_release(h, COUNT, plan, got);
	end();
}

static unsigned int again;
static int agains[COUNT], agains_count;

static void queue_again(int i)
{
	ipq_set_verdict(h, got[i].id, again, 0, NULL);
	agains[agains_count++] = i;
}

/* They come again, after all others. */
Test(batch_verdicts, packets_queued_again_in_between)
{
	static const unsigned int verdicts[] = { NF_QUEUE, NF_REPEAT };
	unsigned char none[COUNT] = { LEAVE };
	struct got second[COUNT];

	begin();
	for (size_t n = 0; n < COUNT_OF(verdicts); n++) {
		again = verdicts[n];
		agains_count = 0;
		memset(plan, ACCEPT, sizeof(plan));
		decide_but(queue_again);
		numbers_decide(h, agains_count, none, second);
		for (int i = 0; i < agains_count; i++) {
			cr_assert(second[i].number == agains[i]);
			got[agains[i]] = second[i];
		}
		numbers_release(h, COUNT, plan, got);
	}
	end();
}

#if __SIZEOF_LONG__ > 4
/* Ids of two queues: both begin with the same numbers. */
Test(batch_verdicts, packets_of_several_queue_numbers)
{
	numbers_network();
	run("iptables-legacy -I OUTPUT -p udp --dport 9 -m statistic --mode nth --every 2 "
	    "--packet 0 -j NFQUEUE --queue-num 1");
	setenv("LIBIPQ_BATCH", "64", 1);
	setenv("LIBIPQ_QUEUE", "0-1", 1);
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	for (int round = 0; round < 12; round++) {
		int left[2] = { 0, 0 };
		struct queue_figures f;

		plan_at_random();
		numbers_send(0, COUNT);
		numbers_decide(h, COUNT, plan, got);
		for (int i = 0; i < COUNT; i++)
			left[(uint64_t)got[i].id >> 32] += plan[i] == LEAVE;
		for (int n = 0; n < 2; n++)
			cr_assert(queue_figures(n, &f) && (int)f.waiting == left[n],
				  "%u and not %d wait in %d", f.waiting, left[n], n);
		for (int i = 0; i < COUNT; i++)
			if (plan[i] == LEAVE)
				numbers_verdict(h, got[i].id, plan[i] = DROP);
		numbers_expect(h, COUNT, plan, got);
		numbers_forget();
	}
	end();
}
#endif
