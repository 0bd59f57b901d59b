/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq_set_verdict without payload, and ipq_set_vwmark: what happens to the packet, and
 * which verdicts are refused (FACTS 5; see also payload.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "queue.h"

TestSuite(verdicts, .timeout = 60);

/* Packets from this port are matched by the rules; others are never queued. */
#define FROM 5000

static int from, to;

static struct ipq_handle *queue_in(const char *table)
{
	from = udp_open(AF_INET, FROM);
	to = udp_open(AF_INET, 9);
	run("iptables-legacy -t %s -A OUTPUT -p udp --sport %d -j QUEUE", table, FROM);
	return queue_open(PF_INET, IPQ_COPY_PACKET, 0);
}

static void send_text(const char *text)
{
	cr_assert(udp_send(from, "127.0.0.1", 9, text, strlen(text)) > 0);
}

static ipq_id_t queue_text(struct ipq_handle *h, const char *text)
{
	static union message m;

	send_text(text);
	return queue_packet(h, &m)->packet_id;
}

static void decide(struct ipq_handle *h, ipq_id_t id, unsigned int verdict)
{
	cr_assert(ipq_set_verdict(h, id, verdict, 0, NULL) == VERDICT_SENT);
}

/* Nothing that was sent before may have arrived. */
static void expect_nothing(void)
{
	udp_say(AF_INET, 9, "sent last");
	udp_expect(to, "sent last");
}

static unsigned int waiting(void)
{
	struct queue_figures f;

	cr_assert(queue_figures(0, &f));
	return f.waiting;
}

/* Returns how many packets the rule has matched. */
static unsigned long counted(const char *table, int rule)
{
	unsigned long packets;
	char line[1000];

	cr_assert(run_output(line, sizeof(line), "iptables-legacy -t %s -nvxL OUTPUT %d",
			     table, rule) == 0);
	cr_assert(sscanf(line, "%lu", &packets) == 1, "%s", line);
	return packets;
}

Test(verdicts, the_packet_is_let_through_or_dropped)
{
	static const struct {
		const char *queue_table, *drop_table;
		unsigned int verdict;
		bool arrives;
	} rows[] = {
		{ "filter", NULL, NF_DROP, false },
		{ "filter", NULL, NF_ACCEPT, true },
		{ "filter", NULL, NF_STOP, true },
		/* NF_ACCEPT ends this table's chain and continues with the next table */
		{ "filter", "filter", NF_ACCEPT, true },
		{ "mangle", "mangle", NF_ACCEPT, true },
		{ "mangle", "filter", NF_ACCEPT, false },
		/* NF_STOP ends the hook */
		{ "filter", "filter", NF_STOP, true },
		{ "mangle", "filter", NF_STOP, true },
	};
	struct ipq_handle *h;

	network_enter();
	h = queue_in("raw");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		run("for t in raw mangle filter; do iptables-legacy -t $t -F; done");
		run("iptables-legacy -t %s -A OUTPUT -p udp --sport %d -j QUEUE",
		    rows[i].queue_table, FROM);
		if (rows[i].drop_table)
			run("iptables-legacy -t %s -A OUTPUT -p udp --sport %d -j DROP",
			    rows[i].drop_table, FROM);
		decide(h, queue_text(h, "hello"), rows[i].verdict);
		if (rows[i].arrives)
			udp_expect(to, "hello");
		expect_nothing();
		cr_assert(waiting() == 0);
	}
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(verdicts, two_tables_that_queue_ask_twice)
{
	struct ipq_handle *h;
	ipq_id_t first, second;
	union message m;

	network_enter();
	h = queue_in("mangle");
	run("iptables-legacy -A OUTPUT -p udp --sport %d -j QUEUE", FROM);
	first = queue_text(h, "hello");
	decide(h, first, NF_ACCEPT);
	second = queue_packet(h, &m)->packet_id;
	cr_assert(second != first);
	expect_nothing();
	decide(h, second, NF_ACCEPT);
	udp_expect(to, "hello");
	ipq_destroy_handle(h);
}

Test(verdicts, the_packet_has_gone_on_when_the_call_returns)
{
	struct ipq_handle *h;
	union message m;

	network_enter();
	h = queue_in("mangle");
	run("iptables-legacy -A OUTPUT -p udp --sport %d -j QUEUE", FROM);
	decide(h, queue_text(h, "hello"), NF_ACCEPT);
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), -1) > 0);
	ipq_destroy_handle(h);
}

Test(verdicts, QUEUE_queues_the_packet_again_with_a_new_id)
{
	struct ipq_handle *h;
	ipq_packet_msg_t *p;
	union message m;
	ipq_id_t old;

	network_enter();
	h = queue_in("filter");
	old = queue_text(h, "hello");
	for (int i = 0; i < 3; i++) {
		decide(h, old, NF_QUEUE);
		p = queue_packet(h, &m);
		cr_assert(p->packet_id != old && p->hook == NF_INET_LOCAL_OUT);
		cr_assert(memcmp(p->payload + 28, "hello", 5) == 0);
		decide(h, old, NF_ACCEPT);
		cr_assert(queue_error(h) == ENOENT);
		cr_assert(counted("filter", 1) == 1);
		old = p->packet_id;
	}
	expect_nothing();
	decide(h, old, NF_ACCEPT);
	udp_expect(to, "hello");
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(verdicts, REPEAT_sends_the_packet_through_the_rules_again)
{
	struct ipq_handle *h;
	ipq_packet_msg_t *p;
	union message m;
	ipq_id_t old;

	network_enter();
	h = queue_in("filter");
	old = queue_text(h, "hello");
	for (unsigned int i = 1; i < 4; i++) {
		cr_assert(counted("filter", 1) == i);
		decide(h, old, NF_REPEAT);
		p = queue_packet(h, &m);
		cr_assert(p->packet_id != old && p->hook == NF_INET_LOCAL_OUT);
		decide(h, old, NF_ACCEPT);
		cr_assert(queue_error(h) == ENOENT);
		old = p->packet_id;
	}
	expect_nothing();
	run("iptables-legacy -F OUTPUT");
	decide(h, old, NF_REPEAT);
	udp_expect(to, "hello");
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(verdicts, the_queue_is_the_one_the_handle_has_whatever_its_number)
{
	static const unsigned int again[] = { NF_QUEUE, NF_REPEAT, NF_QUEUE };
	struct queue_figures f;
	struct ipq_handle *h;
	union message m;
	ipq_id_t id;

	network_enter();
	setenv("LIBIPQ_QUEUE", "7", 1);
	h = queue_in("filter");
	run("iptables-legacy -F && iptables-legacy -A OUTPUT -p udp --sport %d "
	    "-j NFQUEUE --queue-num 7", FROM);
	id = queue_text(h, "hello");
	for (size_t i = 0; i < sizeof(again) / sizeof(*again); i++) {
		decide(h, id, again[i]);
		cr_assert(queue_packet(h, &m)->packet_id != id);
		id = ipq_get_packet(m.buf)->packet_id;
	}
	decide(h, id, NF_STOLEN);
	cr_assert(queue_error(h) == EINVAL);
	cr_assert(queue_figures(7, &f) && f.waiting == 1);
	cr_assert(!queue_figures(0, &f));
	decide(h, id, NF_ACCEPT);
	udp_expect(to, "hello");
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

/* Some of these have a meaning to today's kernel: an errno or a queue number in the upper
 * half, bypass in bit 15. */
Test(verdicts, an_unknown_value_is_refused_and_the_packet_stays)
{
	static const unsigned int values[] = {
		NF_STOLEN, 6, 7, 0x7f, 0x80, 0xfe, 0xff, 0x100, 0x101, 0x8000, 0x8001,
		0x8003, 0x10000, 0x10001, 0x10003, 0x10005, 0xffff0000, 0xffff0001,
		0x80000000, 0x80000001, 0xfffffffe, 0xffffffff,
	};
	struct ipq_handle *h;
	ipq_id_t id;

	network_enter();
	h = queue_in("filter");
	id = queue_text(h, "hello");
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		decide(h, id, values[i]);
		cr_assert(queue_error(h) == EINVAL, "%#x", values[i]);
		cr_assert(waiting() == 1, "%#x takes the packet away", values[i]);
	}
	cr_assert(queue_silent(h));
	expect_nothing();
	decide(h, id, NF_ACCEPT);
	udp_expect(to, "hello");
	ipq_destroy_handle(h);
}

Test(verdicts, an_unknown_id_is_refused_and_no_packet_touched)
{
	ipq_id_t id, unknown[] = { 0, 0xffffffff, -1UL, 0, 0, 0 };
	struct ipq_handle *h;

	network_enter();
	h = queue_in("filter");
	unknown[3] = queue_text(h, "first");
	decide(h, unknown[3], NF_ACCEPT);
	udp_expect(to, "first");
	id = queue_text(h, "second");
	unknown[4] = id + 1;
	unknown[5] = id + 1000;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		for (unsigned int verdict = NF_DROP; verdict <= NF_STOP; verdict++) {
			if (verdict == NF_STOLEN)
				continue;
			decide(h, unknown[i], verdict);
			cr_assert(queue_error(h) == ENOENT, "id %#lx", unknown[i]);
			cr_assert(waiting() == 1);
		}
	decide(h, id, NF_ACCEPT);
	udp_expect(to, "second");
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

/* The kernel's ids have 32 bits; ipq_id_t may have more. */
Test(verdicts, the_upper_half_of_an_id_counts)
{
	struct ipq_handle *h;
	ipq_id_t id;

	network_enter();
	if (sizeof(id) == 4)
		cr_skip_test("ids have only 32 bits here");
	h = queue_in("filter");
	id = queue_text(h, "hello");
	decide(h, id | 1ULL << 32, NF_DROP);
	cr_assert(queue_error(h) == ENOENT);
	decide(h, id, NF_ACCEPT);
	udp_expect(to, "hello");
	ipq_destroy_handle(h);
}

/* ip_queue dropped packets that were to leave by an interface which went down. */
Test(verdicts, a_packet_that_was_flushed_is_unknown)
{
	struct ipq_handle *h;
	ipq_id_t id;

	network_enter();
	h = queue_in("filter");
	id = queue_text(h, "hello");
	run("ip link set lo down");
	cr_assert(waiting() == 0);
	decide(h, id, NF_ACCEPT);
	cr_assert(queue_error(h) == ENOENT);
	ipq_destroy_handle(h);
}

Test(verdicts, an_unknown_value_counts_before_an_unknown_id)
{
	static const unsigned int values[] = { NF_STOLEN, 6, 0x10001, 0xffffffff };
	struct ipq_handle *h;

	network_enter();
	h = queue_in("filter");
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		decide(h, 77, values[i]);
		cr_assert(queue_error(h) == EINVAL);
	}
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(verdicts, the_refusal_is_the_old_one_byte_for_byte)
{
	static const struct {
		/* Value, id, and data_len of a request without payload. */
		unsigned long body[3];
		int error;
	} rows[] = {
		{ { NF_ACCEPT, 77, 0 }, ENOENT },
		{ { NF_DROP, 0, 0 }, ENOENT },
		{ { NF_QUEUE, 0x12345678, 100000000 }, ENOENT },
		{ { NF_STOP, -1UL / 3, -1UL }, ENOENT },
		{ { NF_STOLEN, 77, 0 }, EINVAL },
		{ { 0xffffffff, -1UL / 3, 5 }, EINVAL },
	};
	struct ipq_handle *h;

	network_enter();
	h = queue_in("filter");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert(ipq_set_verdict(h, rows[i].body[1], rows[i].body[0],
					  rows[i].body[2], NULL) == VERDICT_SENT);
		queue_refusal(h, rows[i].error, IPQM_VERDICT, rows[i].body, NULL, 0);
	}
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(verdicts, a_refused_first_verdict_claims_the_queue_all_the_same)
{
	struct queue_figures f;
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	cr_assert(!queue_figures(0, &f));
	decide(h, 77, NF_ACCEPT);
	cr_assert(queue_error(h) == ENOENT);
	cr_assert(queue_figures(0, &f) && f.mode == IPQ_COPY_NONE);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(verdicts, packets_go_in_the_order_of_their_verdicts)
{
	static const char *const text[] = { "1", "2", "3", "4", "5" };
	static const int order[] = { 2, 0, 4, 1, 3 };
	struct ipq_handle *h;
	ipq_id_t id[5];

	network_enter();
	h = queue_in("filter");
	for (int i = 0; i < 5; i++)
		id[i] = queue_text(h, text[i]);
	expect_nothing();
	for (int i = 0; i < 5; i++) {
		decide(h, id[order[i]], NF_ACCEPT);
		cr_assert(waiting() == 4U - i);
		udp_expect(to, text[order[i]]);
	}
	expect_nothing();
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(verdicts, a_closed_descriptor_is_an_error_at_once)
{
	struct ipq_handle *h;
	ipq_id_t id;

	network_enter();
	h = queue_in("filter");
	id = queue_text(h, "hello");
	close(h->fd);
	errno = 0;
	cr_assert(ipq_set_verdict(h, id, NF_ACCEPT, 0, NULL) == -1);
	cr_assert(errno == EBADF);
	cr_assert_str_eq(ipq_errstr(), "Failed to send netlink message");
	ipq_destroy_handle(h);
}

Test(verdicts, a_verdict_that_was_sent_leaves_errno_and_the_error_text_alone)
{
	struct ipq_handle *h;
	ipq_id_t id;

	network_enter();
	h = queue_in("filter");
	id = queue_text(h, "hello");
	cr_assert(!ipq_create_handle(0, PF_UNIX));
	errno = EDOM;
	decide(h, id, NF_STOLEN);
	decide(h, id, NF_ACCEPT);
	decide(h, id, NF_ACCEPT);
	cr_assert(errno == EDOM);
	cr_assert_str_eq(ipq_errstr(), "Invalid protocol specified");
	ipq_destroy_handle(h);
}

Test(verdicts, vwmark_gives_the_packet_a_mark)
{
	static const uint32_t marks[] = { 1, 0x12345678, 0xffffffff, 0 };
	struct ipq_handle *h;

	NOT_CARRIED(CARRIED_HAS_NO_MARKS);
	network_enter();
	h = queue_in("mangle");
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		run("iptables-legacy -F && iptables-legacy -A OUTPUT -p udp --sport %d "
		    "-m mark --mark %#x", FROM, marks[i]);
		/* another mark first, so that setting 0 shows */
		run("iptables-legacy -t mangle -F && iptables-legacy -t mangle -A OUTPUT "
		    "-p udp --sport %d -j MARK --set-mark 9 && iptables-legacy -t mangle "
		    "-A OUTPUT -p udp --sport %d -j QUEUE", FROM, FROM);
		cr_assert(ipq_set_vwmark(h, queue_text(h, "hello"), NF_ACCEPT, marks[i],
					 0, NULL) == VERDICT_SENT);
		udp_expect(to, "hello");
		cr_assert(counted("filter", 1) == 1, "mark %#x", marks[i]);
	}
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(verdicts, the_mark_is_there_when_the_packet_is_queued_again)
{
	static const unsigned int verdicts[] = { NF_QUEUE, NF_REPEAT };
	/* the upper bits, if there are any, do not belong to the mark */
	static const unsigned long mark = (unsigned long)0xf00000055ULL;
	struct ipq_handle *h;
	ipq_packet_msg_t *p;
	union message m;
	ipq_id_t id;

	NOT_CARRIED(CARRIED_HAS_NO_MARKS);
	network_enter();
	h = queue_in("mangle");
	id = queue_text(h, "hello");
	for (int i = 0; i < 2; i++) {
		ipq_set_vwmark(h, id, verdicts[i], mark, 0, NULL);
		p = queue_packet(h, &m);
		cr_assert(p->mark == 0x55, "mark %#lx", p->mark);
		ipq_set_vwmark(h, p->packet_id, verdicts[i], 0, 0, NULL);
		p = queue_packet(h, &m);
		cr_assert(p->mark == 0);
		id = p->packet_id;
	}
	decide(h, id, NF_ACCEPT);
	udp_expect(to, "hello");
	ipq_destroy_handle(h);
}

Test(verdicts, vwmark_is_refused_as_a_verdict_is)
{
	struct ipq_handle *h;
	ipq_id_t id;

	NOT_CARRIED(CARRIED_HAS_NO_MARKS);
	network_enter();
	h = queue_in("filter");
	id = queue_text(h, "hello");
	cr_assert(ipq_set_vwmark(h, id, NF_STOLEN, 5, 0, NULL) == VERDICT_SENT);
	queue_refusal(h, EINVAL, IPQM_VERDICT, (unsigned long []) { NF_STOLEN, id, 0 },
		      NULL, 0);
	cr_assert(ipq_set_vwmark(h, id + 1, NF_DROP, 5, 0, NULL) == VERDICT_SENT);
	queue_refusal(h, ENOENT, IPQM_VERDICT, (unsigned long []) { NF_DROP, id + 1, 0 },
		      NULL, 0);
	cr_assert(queue_silent(h));
	cr_assert(waiting() == 1);
	ipq_destroy_handle(h);
}
