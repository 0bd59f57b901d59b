/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What IPQ_COPY_PACKET copies: complete checksums, separate segments, fragments
 * reassembled, and as many bytes as the kernel can pass on (FACTS 3). */
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kernel.h"
#include "network.h"
#include "queue.h"

TestSuite(copies, .timeout = 60);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* linux/udp.h has it, but conflicts with netinet/udp.h in older releases */
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* The most that fits into an attribute, whose length has 16 bits. */
#define COPY_MAX 65531

static unsigned int length_of(const unsigned char *ipv4)
{
	return ipv4[2] << 8 | ipv4[3];
}

/* Whether a UDP or TCP packet without IP options has a correct checksum. */
static bool checksum_good(const unsigned char *ip, size_t len)
{
	size_t head = ip[0] >> 4 == 4 ? 20 : 40;
	uint8_t protocol = ip[0] >> 4 == 4 ? ip[9] : ip[6];
	size_t addresses = ip[0] >> 4 == 4 ? 12 : 8;
	const unsigned char *field = ip + head + (protocol == IPPROTO_TCP ? 16 : 6);
	uint32_t sum = checksum_add(0, ip + addresses, head - addresses);
	uint16_t pseudo[] = { htons(len - head), htons(protocol) };

	sum = checksum_add(sum, pseudo, sizeof(pseudo));
	return (field[0] || field[1]) &&
	       checksum_end(checksum_add(sum, ip + head, len - head)) == 0;
}

static void queue_port_7(int family, const char *chain, const char *protocol)
{
	run("%s -A %s -p %s --dport 7 -j QUEUE",
	    family == AF_INET ? "iptables-legacy" : "ip6tables-legacy", chain, protocol);
}

Test(copies, a_datagram_leaving_by_lo_has_its_checksum)
{
	static const int families[] = { AF_INET, AF_INET6 };
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;

	network_enter();
	for (size_t i = 0; i < COUNT(families); i++) {
		h = queue_open(families[i], IPQ_COPY_PACKET, 0);
		queue_port_7(families[i], "OUTPUT", "udp");
		udp_say(families[i], 7, "odd");
		msg = queue_packet(h, &m);
		cr_assert(checksum_good(msg->payload, msg->data_len));
		ipq_destroy_handle(h);
	}
}

Test(copies, a_connection_request_leaving_by_lo_has_its_checksum)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(7) };
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;
	int fd;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	queue_port_7(AF_INET, "OUTPUT", "tcp");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0);
	msg = queue_packet(h, &m);
	cr_assert(msg->payload[9] == IPPROTO_TCP);
	cr_assert(checksum_good(msg->payload, msg->data_len));
	ipq_destroy_handle(h);
}

/* The kernel keeps the data of one send in one packet for as long as possible. Programs
 * with buffers of 2048 bytes must not see that. */
Test(copies, segments_that_the_kernel_carries_as_one_come_one_by_one)
{
	static char data[20000];
	int size = 1000;
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;
	char text[2000];
	int from, to;

	NEEDS_KERNEL(4, 18, "UDP_SEGMENT");
	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	queue_port_7(AF_INET, "OUTPUT", "udp");
	to = udp_open(AF_INET, 7);
	from = udp_open(AF_INET, 0);
	cr_assert(!setsockopt(from, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)));
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = 'a' + i / 1000;
	cr_assert(udp_send(from, "127.0.0.1", 7, data, sizeof(data)) == sizeof(data));
	for (int i = 0; i < 20; i++) {
		msg = queue_packet(h, &m);
		cr_assert(msg->data_len == 1028);
		cr_assert(length_of(msg->payload) == 1028);
		cr_assert(checksum_good(msg->payload, msg->data_len));
		ipq_set_verdict(h, msg->packet_id, NF_ACCEPT, 0, NULL);
		cr_assert(udp_hear(to, text, sizeof(text), DEADLINE) == 1000);
		cr_assert(text[0] == 'a' + i && text[999] == 'a' + i);
	}
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(copies, fragments_come_together_and_up_to_65531_bytes_are_copied)
{
	static const struct {
		const char *chain;
		unsigned int mtu, length;
	} rows[] = {
		{ "OUTPUT", 1500, 4028 },	/* not fragmented yet */
		{ "INPUT", 1500, 20028 },
		{ "INPUT", 1500, COPY_MAX },
		{ "INPUT", 1500, COPY_MAX + 1 },
		{ "INPUT", 1500, 65535 },
		{ "OUTPUT", 65536, 65535 },
		{ "INPUT", 65536, 65535 },
	};
	static char data[65536], heard[65536];
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;
	int from, to;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 65535);
	to = udp_open(AF_INET, 7);
	from = udp_open(AF_INET, 0);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i % 251;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = rows[i].length - 28;
		size_t copied = rows[i].length < COPY_MAX ? rows[i].length : COPY_MAX;

		run("iptables-legacy -F && ip link set lo mtu %u", rows[i].mtu);
		queue_port_7(AF_INET, rows[i].chain, "udp");
		cr_assert(udp_send(from, "127.0.0.1", 7, data, len) == (ssize_t)len);
		msg = queue_packet(h, &m);
		cr_assert(length_of(msg->payload) == rows[i].length,
			  "row %zu: a packet of %u", i, length_of(msg->payload));
		cr_assert(msg->data_len == copied, "row %zu: %zu bytes", i,
			  msg->data_len);
		cr_assert(m.nlh.nlmsg_len == NLMSG_LENGTH(sizeof(*msg) +
							  NLMSG_ALIGN(copied)));
		cr_assert(!memcmp(msg->payload + 28, data, copied - 28));

		/* the packet arrives complete, whether or not all of it was copied */
		ipq_set_verdict(h, msg->packet_id, NF_ACCEPT, 0, NULL);
		cr_assert(udp_hear(to, heard, sizeof(heard), DEADLINE) == (ssize_t)len);
		cr_assert(!memcmp(heard, data, len));
	}
	ipq_destroy_handle(h);
}
