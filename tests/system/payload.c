/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts with a new payload: what replaces the packet, what is ignored, what cannot be
 * sent, and what comes back with a refusal (FACTS 5). */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "datagram.h"
#include "network.h"
#include "queue.h"

TestSuite(payload, .timeout = 60);

/* Packets from this port are queued, others are not. */
#define FROM 5000

/* Bytes of the IP and UDP headers. */
#define HEADERS 28

static struct ipq_handle *handle;
static int from, to;

/* The last packet queued, and a changed copy. */
static union message queued;
static unsigned char packet[300000];

static void queue_in_mode(uint8_t mode, size_t range)
{
	from = udp_open(AF_INET, FROM);
	to = udp_open(AF_INET, 9);
	run("iptables-legacy -A OUTPUT -p udp --sport %d -j QUEUE", FROM);
	handle = queue_open(PF_INET, mode, range);
}

static ipq_packet_msg_t *queue_text(const char *text)
{
	cr_assert(udp_send(from, "127.0.0.1", 9, text, strlen(text)) > 0);
	return queue_packet(handle, &queued);
}

/* Gives the verdict, with len bytes of packet as the new payload. */
static void decide(ipq_id_t id, unsigned int verdict, size_t len)
{
	int sent = ipq_set_verdict(handle, id, verdict, len, packet);

	cr_assert(sent == VERDICT_SENT + (int)len, "%d: %s", sent, ipq_errstr());
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

Test(payload, the_packet_is_replaced_by_one_of_any_length)
{
	static const uint8_t modes[] = { IPQ_COPY_PACKET, IPQ_COPY_META };
	static const size_t lens[] = { 5, 4, 1, 0, 6, 100, 1400, 20000, 65503 };
	static unsigned char model[HEADERS], data[65535];
	static char heard[65536];
	ipq_packet_msg_t *p;
	size_t len;

	network_enter();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i % 251;
	queue_in_mode(IPQ_COPY_PACKET, 0);
	for (size_t i = 0; i < 2 * sizeof(lens) / sizeof(*lens); i++) {
		ipq_set_mode(handle, modes[i % 2], 0);
		p = queue_text("hello");
		if (p->data_len)
			memcpy(model, p->payload, sizeof(model));
		len = datagram_with(packet, model, data, lens[i / 2]);
		decide(p->packet_id, NF_ACCEPT, len);
		cr_assert(udp_hear(to, heard, sizeof(heard), DEADLINE) ==
			  (ssize_t)lens[i / 2], "%zu bytes, mode %u", len, modes[i % 2]);
		cr_assert(memcmp(heard, data, lens[i / 2]) == 0);
	}
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

Test(payload, a_payload_longer_than_the_mtu_is_delivered)
{
	static unsigned char data[20000];
	static char heard[65536];
	ipq_packet_msg_t *p;
	size_t len;

	network_enter();
	run("ip link set lo mtu 1500");
	queue_in_mode(IPQ_COPY_PACKET, 0);
	memset(data, 'x', sizeof(data));
	p = queue_text("hello");
	len = datagram_with(packet, p->payload, data, sizeof(data));
	((struct iphdr *)packet)->frag_off = htons(IP_DF);
	datagram_seal(packet);
	decide(p->packet_id, NF_ACCEPT, len);
	cr_assert(udp_hear(to, heard, sizeof(heard), DEADLINE) == sizeof(data));
	ipq_destroy_handle(handle);
}

Test(payload, nothing_in_it_is_corrected)
{
	static const struct {
		const char *what;
		size_t byte;		/* to change after the checksums were computed */
		/* Bytes sent in addition to the packet's length. */
		int more;
		bool arrives;
	} rows[] = {
		{ "all is well", 0, 0, true },
		{ "the UDP checksum is wrong", 26, 0, false },
		{ "the IP checksum is wrong", 10, 0, false },
		{ "the data is not the checksum's", 30, 0, false },
		{ "the IP length is too great", 0, -1, false },
		{ "the IP length is too great by far", 0, -8, false },
		{ "the IP length is too small", 0, 1, true },
		{ "the IP length is too small by far", 0, 1000, true },
	};
	ipq_packet_msg_t *p;
	size_t len;

	network_enter();
	queue_in_mode(IPQ_COPY_PACKET, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		p = queue_text("hello");
		len = datagram_with(packet, p->payload, "changed text", 12);
		if (rows[i].byte)
			packet[rows[i].byte] ^= 0x11;
		decide(p->packet_id, NF_ACCEPT, len + rows[i].more);
		if (rows[i].arrives)
			udp_expect(to, "changed text");
		expect_nothing();
		cr_assert(waiting() == 0, "%s: the packet waits", rows[i].what);
	}
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

Test(payload, the_destination_may_be_another_port)
{
	ipq_packet_msg_t *p;
	int other;

	network_enter();
	queue_in_mode(IPQ_COPY_PACKET, 0);
	other = udp_open(AF_INET, 10);
	p = queue_text("hello");
	datagram_udp(p->payload)->dest = htons(10);
	datagram_seal(p->payload);
	ipq_set_verdict(handle, p->packet_id, NF_ACCEPT, p->data_len, p->payload);
	udp_expect(other, "hello");
	expect_nothing();
	ipq_destroy_handle(handle);
}

/* It leaves by lo, not by veth0 as the original packet would have. */
Test(payload, the_destination_may_be_reached_by_another_way)
{
	struct iphdr *ip;
	ipq_packet_msg_t *p;

	network_enter();
	network_add_far();
	queue_in_mode(IPQ_COPY_PACKET, 0);
	cr_assert(udp_send(from, "10.9.0.2", 9, "hello", 5) == 5);
	p = queue_packet(handle, &queued);
	cr_assert_str_eq(p->outdev_name, "veth0");
	ip = (struct iphdr *)p->payload;
	ip->daddr = htonl(0x0a090001);
	datagram_seal(p->payload);
	ipq_set_verdict(handle, p->packet_id, NF_ACCEPT, p->data_len, p->payload);
	udp_expect(to, "hello");
	ipq_destroy_handle(handle);
}

Test(payload, shorter_than_an_ip_header_it_is_ignored)
{
	ipq_packet_msg_t *p;

	network_enter();
	queue_in_mode(IPQ_COPY_PACKET, 0);
	memset(packet, 0xee, sizeof(packet));
	for (size_t len = 1; len < 20; len++) {
		p = queue_text("hello");
		decide(p->packet_id, NF_ACCEPT, len);
		udp_expect(to, "hello");
	}
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

Test(payload, as_long_as_an_ip_header_it_replaces_whatever_it_is)
{
	static const size_t lens[] = { 20, 21, 28, 60 };
	ipq_packet_msg_t *p;

	network_enter();
	queue_in_mode(IPQ_COPY_PACKET, 0);
	memset(packet, 0xee, sizeof(packet));
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		p = queue_text("hello");
		decide(p->packet_id, NF_ACCEPT, lens[i]);
		expect_nothing();
		cr_assert(waiting() == 0);
	}
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

Test(payload, what_the_range_cut_off_is_missing_when_it_is_sent_back)
{
	ipq_packet_msg_t *p;

	network_enter();
	queue_in_mode(IPQ_COPY_PACKET, 30);
	p = queue_text("hello");
	cr_assert(p->data_len == 30);
	ipq_set_verdict(handle, p->packet_id, NF_ACCEPT, p->data_len, p->payload);
	expect_nothing();
	cr_assert(waiting() == 0);
	ipq_destroy_handle(handle);
}

Test(payload, a_length_without_data_is_ignored)
{
	static const size_t lens[] = { 1, 20, 33, 100000000, SIZE_MAX };
	ipq_packet_msg_t *p;

	network_enter();
	queue_in_mode(IPQ_COPY_PACKET, 0);
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		p = queue_text("hello");
		cr_assert(ipq_set_verdict(handle, p->packet_id, NF_ACCEPT, lens[i],
					  NULL) == VERDICT_SENT);
		udp_expect(to, "hello");
	}
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

Test(payload, data_without_a_length_is_ignored)
{
	network_enter();
	queue_in_mode(IPQ_COPY_PACKET, 0);
	decide(queue_text("hello")->packet_id, NF_ACCEPT, 0);
	udp_expect(to, "hello");
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

Test(payload, the_verdict_counts_as_well)
{
	static const struct {
		unsigned int verdict;
		bool arrives;
	} rows[] = {
		{ NF_DROP, false }, { NF_ACCEPT, true }, { NF_STOP, true },
	};
	ipq_packet_msg_t *p;

	network_enter();
	queue_in_mode(IPQ_COPY_PACKET, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		p = queue_text("hello");
		decide(p->packet_id, rows[i].verdict,
		       datagram_with(packet, p->payload, "other", 5));
		if (rows[i].arrives)
			udp_expect(to, "other");
		expect_nothing();
		cr_assert(waiting() == 0);
	}
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

Test(payload, a_packet_queued_again_is_the_new_one)
{
	static const unsigned int again[] = { NF_REPEAT, NF_QUEUE };
	ipq_packet_msg_t *p;
	ipq_id_t old;

	network_enter();
	queue_in_mode(IPQ_COPY_PACKET, 0);
	for (size_t i = 0; i < sizeof(again) / sizeof(*again); i++) {
		p = queue_text("hello");
		old = p->packet_id;
		decide(old, again[i],
		       datagram_with(packet, p->payload, "another text", 12));
		p = queue_packet(handle, &queued);
		cr_assert(p->packet_id != old);
		cr_assert(p->data_len == HEADERS + 12);
		cr_assert(memcmp(p->payload, packet, p->data_len) == 0);
		ipq_set_verdict(handle, p->packet_id, NF_ACCEPT, 0, NULL);
		udp_expect(to, "another text");
	}
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

Test(payload, a_mark_and_a_payload_go_together)
{
	ipq_packet_msg_t *p;
	size_t len;

	NOT_CARRIED(CARRIED_HAS_NO_MARKS);
	network_enter();
	queue_in_mode(IPQ_COPY_PACKET, 0);
	p = queue_text("hello");
	len = datagram_with(packet, p->payload, "other", 5);
	cr_assert(ipq_set_vwmark(handle, p->packet_id, NF_QUEUE, 0x12345678, len,
				 packet) == VERDICT_SENT + (int)len);
	p = queue_packet(handle, &queued);
	cr_assert(p->mark == 0x12345678);
	cr_assert(memcmp(p->payload, packet, len) == 0);
	cr_assert(ipq_set_vwmark(handle, p->packet_id, NF_ACCEPT, 0, 19, packet) ==
		  VERDICT_SENT + 19);
	udp_expect(to, "other");
	ipq_destroy_handle(handle);
}
