/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A handle for IPv6, alone and beside one for IPv4 (FACTS 8). */
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "datagram.h"
#include "network.h"
#include "process.h"
#include "queue.h"

TestSuite(ipv6, .timeout = 60);

/* Packets from this port are queued, others are not. */
#define FROM 5000

/* Bytes of the IPv6 and UDP headers. */
#define HEADERS 48

static struct ipq_handle *handle;
static int from, to;
static union message queued;
static unsigned char packet[70000];

static void queue_in(const char *table)
{
	from = udp_open(AF_INET6, FROM);
	to = udp_open(AF_INET6, 9);
	run("ip6tables-legacy -t %s -A OUTPUT -p udp --sport %d -j QUEUE", table, FROM);
	handle = queue_open(PF_INET6, IPQ_COPY_PACKET, 0);
}

static ipq_packet_msg_t *queue_text(const char *text)
{
	cr_assert(udp_send(from, "::1", 9, text, strlen(text)) > 0);
	return queue_packet(handle, &queued);
}

static void decide(ipq_id_t id, unsigned int verdict, size_t len)
{
	cr_assert(ipq_set_verdict(handle, id, verdict, len, packet) ==
		  VERDICT_SENT + (int)len);
}

static void expect_nothing(void)
{
	udp_say(AF_INET6, 9, "sent last");
	udp_expect(to, "sent last");
}

static unsigned int waiting(unsigned int queue)
{
	struct queue_figures f;

	cr_assert(queue_figures(queue, &f));
	return f.waiting;
}

Test(ipv6, a_datagram_of_10_bytes_is_a_message_of_172)
{
	static const unsigned char start[] = { 0x60, 0, 0, 0, 0, 0x12, 17, 64 };
	ipq_packet_msg_t *p;

	network_enter();
	queue_in("filter");
	run("sysctl -qw net.ipv6.auto_flowlabels=0");
	p = queue_text("0123456789");
	cr_assert(queued.nlh.nlmsg_len == (sizeof(long) == 8 ? 172 : 148));
	cr_assert(p->data_len == 58);
	cr_assert(p->hook == NF_INET_LOCAL_OUT && p->hw_protocol == htons(0x86dd));
	cr_assert(memcmp(p->payload, start, sizeof(start)) == 0);
	cr_assert(memcmp(p->payload + HEADERS, "0123456789", 10) == 0);
	ipq_destroy_handle(handle);
}

Test(ipv6, an_echo_request_is_a_message_of_216)
{
	ipq_packet_msg_t *p;

	network_enter();
	run("ip6tables-legacy -A OUTPUT -p ipv6-icmp --icmpv6-type echo-request "
	    "-j QUEUE");
	handle = queue_open(PF_INET6, IPQ_COPY_PACKET, 2048);
	run("ping -6 -q -c 1 -W 5 ::1 >/dev/null 2>&1 &");
	p = queue_packet(handle, &queued);
	cr_assert(queued.nlh.nlmsg_len == (sizeof(long) == 8 ? 216 : 192));
	cr_assert(p->data_len == 104);
	ipq_destroy_handle(handle);
}

Test(ipv6, modes_are_set_and_refused_as_for_ipv4)
{
	struct queue_figures f;

	network_enter();
	handle = ipq_create_handle(0, PF_INET6);
	cr_assert(handle);
	cr_assert(ipq_set_mode(handle, IPQ_COPY_PACKET, 100) == MODE_SENT);
	cr_assert(queue_silent(handle));
	cr_assert(queue_figures(0, &f) && f.mode == IPQ_COPY_PACKET && f.range == 100);
	cr_assert(ipq_set_mode(handle, 3, 50) == MODE_SENT);
	queue_refusal(handle, EINVAL, IPQM_MODE, (unsigned long []) { 3, 50, 0 },
		      NULL, 16);
	cr_assert(queue_figures(0, &f) && f.mode == IPQ_COPY_PACKET && f.range == 100);
	ipq_destroy_handle(handle);
}

Test(ipv6, the_packet_is_let_through_or_dropped)
{
	static const struct {
		const char *queue_table, *drop_table;
		unsigned int verdict;
		bool arrives;
	} rows[] = {
		{ "filter", NULL, NF_DROP, false },
		{ "filter", NULL, NF_ACCEPT, true },
		{ "filter", "filter", NF_ACCEPT, true },
		{ "mangle", "filter", NF_ACCEPT, false },
		{ "mangle", "filter", NF_STOP, true },
	};

	network_enter();
	queue_in("raw");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		run("for t in raw mangle filter; do ip6tables-legacy -t $t -F; done");
		run("ip6tables-legacy -t %s -A OUTPUT -p udp --sport %d -j QUEUE",
		    rows[i].queue_table, FROM);
		if (rows[i].drop_table)
			run("ip6tables-legacy -t %s -A OUTPUT -p udp --sport %d -j DROP",
			    rows[i].drop_table, FROM);
		decide(queue_text("hello")->packet_id, rows[i].verdict, 0);
		if (rows[i].arrives)
			udp_expect(to, "hello");
		expect_nothing();
		cr_assert(waiting(0) == 0);
	}
	ipq_destroy_handle(handle);
}

Test(ipv6, the_packet_is_queued_again_with_a_new_id)
{
	static const unsigned int again[] = { NF_QUEUE, NF_REPEAT };
	ipq_id_t id;

	network_enter();
	queue_in("filter");
	id = queue_text("hello")->packet_id;
	for (size_t i = 0; i < sizeof(again) / sizeof(*again); i++) {
		decide(id, again[i], 0);
		cr_assert(queue_packet(handle, &queued)->packet_id != id);
		decide(id, NF_ACCEPT, 0);
		cr_assert(queue_error(handle) == ENOENT);
		id = ipq_get_packet(queued.buf)->packet_id;
	}
	decide(id, NF_ACCEPT, 0);
	udp_expect(to, "hello");
	ipq_destroy_handle(handle);
}

Test(ipv6, verdicts_are_refused_as_for_ipv4)
{
	static const unsigned int values[] = { NF_STOLEN, 6, 0x10001, 0xffffffff };
	ipq_id_t id;

	network_enter();
	queue_in("filter");
	id = queue_text("hello")->packet_id;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		decide(id, values[i], 0);
		queue_refusal(handle, EINVAL, IPQM_VERDICT,
			      (unsigned long []) { values[i], id, 0 }, NULL, 0);
		cr_assert(waiting(0) == 1);
	}
	decide(id + 1, NF_DROP, 0);
	queue_refusal(handle, ENOENT, IPQM_VERDICT,
		      (unsigned long []) { NF_DROP, id + 1, 0 }, NULL, 0);
	memset(packet, 0xee, 43);
	decide(id + 1, NF_DROP, 43);
	queue_refusal(handle, ENOENT, IPQM_VERDICT,
		      (unsigned long []) { NF_DROP, id + 1, 43 }, packet, 43);
	decide(id, NF_ACCEPT, 0);
	udp_expect(to, "hello");
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

static void expect_refused(int error)
{
	cr_assert(ipq_set_mode(handle, IPQ_COPY_META, 0) == MODE_SENT);
	queue_refusal(handle, error, IPQM_MODE,
		      (unsigned long []) { IPQ_COPY_META, 0, 0 }, NULL, 16);
	decide(77, NF_ACCEPT, 0);
	queue_refusal(handle, error, IPQM_VERDICT,
		      (unsigned long []) { NF_ACCEPT, 77, 0 }, NULL, 0);
	cr_assert(queue_silent(handle));
}

static long own_queue(long unused)
{
	(void)unused;
	return ipq_set_mode(ipq_create_handle(0, PF_INET6), IPQ_COPY_META, 0);
}

Test(ipv6, another_process_is_refused_with_ebusy)
{
	struct process owner;

	network_enter();
	owner = process_start();
	cr_assert(process_do(&owner, own_queue, 0) > 0);
	handle = ipq_create_handle(0, PF_INET6);
	cr_assert(handle);
	expect_refused(EBUSY);
	process_end(&owner);
	ipq_destroy_handle(handle);
}

Test(ipv6, without_the_capability_requests_are_refused_with_eperm)
{
	struct queue_figures f;

	network_enter();
	have_net_admin(false);
	handle = ipq_create_handle(0, PF_INET6);
	cr_assert(handle);
	expect_refused(EPERM);
	cr_assert(!queue_figures(0, &f));
	ipq_destroy_handle(handle);
}

Test(ipv6, the_packet_is_replaced_by_one_of_any_length)
{
	static const size_t lens[] = { 5, 1, 0, 100, 1400, 20000, 65483 };
	static unsigned char data[65535];
	static char heard[65536];
	ipq_packet_msg_t *p;

	network_enter();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i % 251;
	queue_in("filter");
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		p = queue_text("hello");
		decide(p->packet_id, NF_ACCEPT,
		       datagram_with(packet, p->payload, data, lens[i]));
		cr_assert(udp_hear(to, heard, sizeof(heard), DEADLINE) ==
			  (ssize_t)lens[i], "%zu bytes", lens[i]);
		cr_assert(memcmp(heard, data, lens[i]) == 0);
	}
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

Test(ipv6, payload_shorter_than_an_ipv6_header_is_ignored)
{
	network_enter();
	queue_in("filter");
	memset(packet, 0xee, 40);
	for (size_t len = 1; len < 40; len++) {
		decide(queue_text("hello")->packet_id, NF_ACCEPT, len);
		udp_expect(to, "hello");
	}
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

Test(ipv6, payload_as_long_as_an_ipv6_header_replaces_whatever_it_is)
{
	network_enter();
	queue_in("filter");
	memset(packet, 0xee, 60);
	for (size_t len = 40; len <= 60; len += 10) {
		decide(queue_text("hello")->packet_id, NF_ACCEPT, len);
		expect_nothing();
		cr_assert(waiting(0) == 0);
	}
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

/* The handle for IPv4. Its queue number is 0, that of IPv6 is 1. */
static struct ipq_handle *handle4;
static int to4;

static void queue_both(void)
{
	setenv("LIBIPQ_QUEUE6", "1", 1);
	run("ip6tables-legacy -A OUTPUT -p udp --dport 9 -j NFQUEUE --queue-num 1");
	run("iptables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	to = udp_open(AF_INET6, 9);
	to4 = udp_open(AF_INET, 9);
	handle4 = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	handle = queue_open(PF_INET6, IPQ_COPY_PACKET, 0);
}

Test(ipv6, each_handle_has_the_packets_of_its_family)
{
	union message m;

	network_enter();
	queue_both();
	udp_say(AF_INET6, 9, "six");
	cr_assert(queue_silent(handle4));
	cr_assert(queue_packet(handle, &m)->payload[0] >> 4 == 6);
	udp_say(AF_INET, 9, "four");
	cr_assert(queue_silent(handle));
	cr_assert(queue_packet(handle4, &m)->payload[0] >> 4 == 4);
	ipq_destroy_handle(handle);
	ipq_destroy_handle(handle4);
}

Test(ipv6, an_id_is_of_one_family)
{
	static union message m4, m6;
	ipq_id_t id4, id6;

	network_enter();
	queue_both();
	/* so that the ids differ: those of both queues begin at 1 */
	for (int i = 0; i < 3; i++) {
		udp_say(AF_INET, 9, "four");
		id4 = queue_packet(handle4, &m4)->packet_id;
		ipq_set_verdict(handle4, id4, i < 2 ? NF_DROP : NF_STOLEN, 0, NULL);
	}
	cr_assert(queue_error(handle4) == EINVAL);
	udp_say(AF_INET6, 9, "six");
	id6 = queue_packet(handle, &m6)->packet_id;
	cr_assert(id4 != id6);

	ipq_set_verdict(handle4, id6, NF_ACCEPT, 0, NULL);
	cr_assert(queue_error(handle4) == ENOENT);
	ipq_set_verdict(handle, id4, NF_ACCEPT, 0, NULL);
	cr_assert(queue_error(handle) == ENOENT);
	cr_assert(waiting(0) == 1 && waiting(1) == 1);
	ipq_set_verdict(handle4, id4, NF_ACCEPT, 0, NULL);
	udp_expect(to4, "four");
	ipq_set_verdict(handle, id6, NF_ACCEPT, 0, NULL);
	udp_expect(to, "six");
	ipq_destroy_handle(handle);
	ipq_destroy_handle(handle4);
}

/* Destroys the handle "gone" while a packet of the other waits. */
static void expect_to_go_on(struct ipq_handle *stays, struct ipq_handle *gone, int family,
			    int hears)
{
	ipq_id_t id;

	udp_say(family, 9, "before");
	id = queue_packet(stays, &queued)->packet_id;
	ipq_destroy_handle(gone);
	ipq_set_verdict(stays, id, NF_ACCEPT, 0, NULL);
	udp_expect(hears, "before");
	udp_say(family, 9, "after");
	id = queue_packet(stays, &queued)->packet_id;
	ipq_set_verdict(stays, id, NF_ACCEPT, 0, NULL);
	udp_expect(hears, "after");
	cr_assert(queue_silent(stays));
	ipq_destroy_handle(stays);
}

Test(ipv6, ipv6_goes_on_when_the_ipv4_handle_is_destroyed)
{
	network_enter();
	queue_both();
	expect_to_go_on(handle, handle4, AF_INET6, to);
}

Test(ipv6, ipv4_goes_on_when_the_ipv6_handle_is_destroyed)
{
	network_enter();
	queue_both();
	expect_to_go_on(handle4, handle, AF_INET, to4);
}

Test(ipv6, a_single_loop_serves_handles_of_both_families)
{
	ipq_packet_msg_t *p;
	int fours = 0, sixes = 0;
	struct pollfd fd[2];

	network_enter();
	queue_both();
	fd[0] = (struct pollfd) { .fd = handle4->fd, .events = POLLIN };
	fd[1] = (struct pollfd) { .fd = handle->fd, .events = POLLIN };
	for (int i = 0; i < 100; i++) {
		udp_say(AF_INET6, 9, "six");
		udp_say(AF_INET, 9, "four");
	}
	while (fours + sixes < 200) {
		cr_assert(poll(fd, 2, DEADLINE) > 0);
		for (int i = 0; i < 2; i++) {
			struct ipq_handle *h = i ? handle : handle4;

			if (!fd[i].revents)
				continue;
			cr_assert(ipq_read(h, queued.buf, sizeof(queued.buf), 0) > 0);
			p = ipq_get_packet(queued.buf);
			cr_assert(p->payload[0] >> 4 == (i ? 6 : 4));
			ipq_set_verdict(h, p->packet_id, NF_ACCEPT, 0, NULL);
			udp_expect(i ? to : to4, i ? "six" : "four");
			i ? sixes++ : fours++;
		}
	}
	cr_assert(fours == 100 && sixes == 100);
	ipq_destroy_handle(handle);
	ipq_destroy_handle(handle4);
}
