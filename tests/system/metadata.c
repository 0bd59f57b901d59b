/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What precedes the packet in a message: header, lengths, and each field at each hook
 * (FACTS 3). For what is copied of the packet itself see copies.c. */
#include <netinet/ip_icmp.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>
#include <linux/if_ether.h>

#include "network.h"
#include "queue.h"

TestSuite(metadata, .timeout = 60);

/* Difference between the size of a message in 64-bit programs and here. */
#define LESS (96 - sizeof(ipq_packet_msg_t))

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Like queue_packet, but into bytes that are not zero. Returns the result of ipq_read. */
static ssize_t packet_over_ones(struct ipq_handle *h, union message *m)
{
	ssize_t n;

	memset(m, 0xff, sizeof(*m));
	n = ipq_read(h, m->buf, sizeof(m->buf), SOON);
	cr_assert(n > 0, "a packet: %s", n ? ipq_errstr() : "none came");
	cr_assert(ipq_message_type(m->buf) == IPQM_PACKET);
	return n;
}

static void queue_udp(int family, const char *table, const char *chain)
{
	run("%s -t %s -A %s -p udp --dport 7 -j QUEUE",
	    family == AF_INET ? "iptables-legacy" : "ip6tables-legacy", table, chain);
}

Test(metadata, the_netlink_header_has_type_19_and_zero_flags_sequence_and_port_id)
{
	struct ipq_handle *h;
	union message m;
	ssize_t n;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	queue_udp(AF_INET, "filter", "OUTPUT");
	udp_say(AF_INET, 7, "hello");
	n = packet_over_ones(h, &m);
	cr_assert(m.nlh.nlmsg_type == 19);
	cr_assert(m.nlh.nlmsg_flags == 0);
	cr_assert(m.nlh.nlmsg_seq == 0);
	cr_assert(m.nlh.nlmsg_pid == 0);
	cr_assert((ssize_t)m.nlh.nlmsg_len == n);
	ipq_destroy_handle(h);
}

Test(metadata, a_message_is_112_bytes_and_the_payload_padded_with_zeros_to_four)
{
	static const struct {
		size_t range, data_len, len;
	} rows[] = {
		{ 0, 28, 140 }, { 0, 29, 144 }, { 0, 32, 144 }, { 0, 33, 148 },
		{ 0, 38, 152 }, { 0, 84, 196 }, { 1, 1, 116 }, { 30, 30, 144 },
	};
	char data[64] = { 0 };
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;
	int fd;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	queue_udp(AF_INET, "filter", "OUTPUT");
	fd = udp_open(AF_INET, 0);
	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t end = 112 - LESS + rows[i].data_len;
		size_t len = rows[i].range ? 60 : rows[i].data_len - 28;

		ipq_set_mode(h, IPQ_COPY_PACKET, rows[i].range);
		cr_assert(udp_send(fd, "127.0.0.1", 7, data, len) == (ssize_t)len);
		cr_assert(packet_over_ones(h, &m) == (ssize_t)(rows[i].len - LESS),
			  "row %zu: %u bytes", i, m.nlh.nlmsg_len);
		cr_assert(m.nlh.nlmsg_len == rows[i].len - LESS);
		msg = ipq_get_packet(m.buf);
		cr_assert(msg->data_len == rows[i].data_len);
		for (; end < m.nlh.nlmsg_len; end++)
			cr_assert(m.buf[end] == 0, "row %zu: padding", i);
	}
	ipq_destroy_handle(h);
}

Test(metadata, a_message_of_metadata_is_112_bytes_and_data_len_is_0)
{
	struct ipq_handle *h;
	union message m;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_udp(AF_INET, "filter", "OUTPUT");
	udp_say(AF_INET, 7, "hello");
	cr_assert(packet_over_ones(h, &m) == (ssize_t)(112 - LESS));
	cr_assert(m.nlh.nlmsg_len == 112 - LESS);
	cr_assert(ipq_get_packet(m.buf)->data_len == 0);
	ipq_destroy_handle(h);
}

/* The message expected for a packet at one of its hooks. */
struct stop {
	unsigned int hook;
	const char *indev, *outdev;
	bool stamped;
	unsigned short hw_type;
	unsigned char hw_addrlen;
	unsigned char hw_addr[8];
};

/* Most fields do not depend on family and mode. */
static const struct {
	int family;
	uint8_t mode;
} ways[] = {
	{ AF_INET, IPQ_COPY_META }, { AF_INET, IPQ_COPY_PACKET },
	{ AF_INET6, IPQ_COPY_META }, { AF_INET6, IPQ_COPY_PACKET },
};

/* Returns the time in microseconds since 1970. */
static int64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static int64_t stamp_of(const ipq_packet_msg_t *msg)
{
	return msg->timestamp_sec * 1000000LL + msg->timestamp_usec;
}

/* The kernel begins to set timestamps only some time after it was asked to:
 * net_enable_timestamp leaves that to a work queue. */
static void await_stamps(struct ipq_handle *h, int family)
{
	int64_t stamp = 0, limit = clock_now() + DEADLINE * 1000LL;
	ipq_packet_msg_t *msg;
	union message m;

	run("%s -A INPUT -p udp --dport 9 -j QUEUE",
	    family == AF_INET ? "iptables-legacy" : "ip6tables-legacy");
	while (stamp == 0 && clock_now() < limit) {
		udp_say(family, 9, "?");
		msg = queue_packet(h, &m);
		stamp = stamp_of(msg);
		ipq_set_verdict(h, msg->packet_id, NF_DROP, 0, NULL);
	}
	cr_assert(stamp, "the kernel stamps no packets");
}

/* Accepts the packet at each hook, where all of its message must be as expected. */
static void follow(struct ipq_handle *h, int way, size_t data_len, int64_t sent,
		   const struct stop *stops, size_t count)
{
	bool v4 = ways[way].family == AF_INET;
	int64_t stamp = 0;
	union message m;

	for (const struct stop *s = stops; s < stops + count; s++) {
		ipq_packet_msg_t *msg, want;

		packet_over_ones(h, &m);
		msg = ipq_get_packet(m.buf);
		memset(&want, 0, sizeof(want));
		want.packet_id = msg->packet_id;
		want.hook = s->hook;
		strcpy(want.indev_name, s->indev);
		strcpy(want.outdev_name, s->outdev);
		if (s->stamped) {
			cr_assert(stamp_of(msg) >= sent && stamp_of(msg) <= clock_now());
			cr_assert(stamp == 0 || stamp_of(msg) == stamp);
			stamp = stamp_of(msg);
			want.timestamp_sec = stamp / 1000000;
			want.timestamp_usec = stamp % 1000000;
		}
		want.hw_protocol = htons(v4 ? ETH_P_IP : ETH_P_IPV6);
		want.hw_type = s->hw_type;
		want.hw_addrlen = s->hw_addrlen;
		memcpy(want.hw_addr, s->hw_addr, sizeof(want.hw_addr));
		want.data_len = ways[way].mode == IPQ_COPY_META ? 0 : data_len;
		cr_assert(!memcmp(msg, &want, sizeof(want)),
			  "IPv%d, mode %d, hook %u for %u: in %.16s, out %.16s, time "
			  "%ld.%06ld, protocol %04x, hardware %u, %u bytes, data %zu",
			  v4 ? 4 : 6, ways[way].mode, msg->hook, s->hook,
			  msg->indev_name, msg->outdev_name, msg->timestamp_sec,
			  msg->timestamp_usec, ntohs(msg->hw_protocol), msg->hw_type,
			  msg->hw_addrlen, msg->data_len);
		ipq_set_verdict(h, msg->packet_id, NF_ACCEPT, 0, NULL);
	}
}

Test(metadata, a_packet_over_lo_shows_all_that_is_known_at_each_hook_and_zeros)
{
	static const struct stop stops[] = {
		{ NF_INET_LOCAL_OUT, "", "lo" },
		{ NF_INET_POST_ROUTING, "", "lo" },
		{ NF_INET_PRE_ROUTING, "lo", "", true, 772, 6 },
		{ NF_INET_LOCAL_IN, "lo", "", true, 772, 6 },
	};
	struct ipq_handle *h;
	int64_t sent;

	network_enter();
	for (size_t i = 0; i < COUNT(ways); i++) {
		h = queue_open(ways[i].family, ways[i].mode, 0);
		await_stamps(h, ways[i].family);
		queue_udp(ways[i].family, "mangle", "OUTPUT");
		queue_udp(ways[i].family, "mangle", "POSTROUTING");
		queue_udp(ways[i].family, "mangle", "PREROUTING");
		queue_udp(ways[i].family, "mangle", "INPUT");
		sent = clock_now();
		udp_say(ways[i].family, 7, "hello");
		follow(h, i, ways[i].family == AF_INET ? 33 : 53, sent, stops,
		       COUNT(stops));
		ipq_destroy_handle(h);
		run("iptables-legacy -t mangle -F && ip6tables-legacy -t mangle -F");
	}
}

Test(metadata, a_forwarded_packet_shows_both_interfaces_and_the_mac_of_its_sender)
{
	static const struct stop stops[] = {
		{ NF_INET_PRE_ROUTING, "veth0", "", true, 1, 6, { 2, 0, 0, 0, 9, 2 } },
		{ NF_INET_FORWARD, "veth0", "veth2", true, 1, 6, { 2, 0, 0, 0, 9, 2 } },
		{ NF_INET_POST_ROUTING, "", "veth2" },
	};
	struct ipq_handle *h;
	int64_t sent;

	network_enter();
	network_add_far();
	network_add_beyond();
	network_far("ip link set veth1 address 02:00:00:00:09:02");
	for (size_t i = 0; i < COUNT(ways); i++) {
		h = queue_open(ways[i].family, ways[i].mode, 0);
		await_stamps(h, ways[i].family);
		queue_udp(ways[i].family, "mangle", "PREROUTING");
		queue_udp(ways[i].family, "mangle", "FORWARD");
		queue_udp(ways[i].family, "mangle", "POSTROUTING");
		sent = clock_now();
		udp_say_far(ways[i].family == AF_INET ? "10.10.0.2" : "fd10::2", 7,
			    "hello");
		follow(h, i, ways[i].family == AF_INET ? 33 : 53, sent, stops,
		       COUNT(stops));
		ipq_destroy_handle(h);
		run("iptables-legacy -t mangle -F && ip6tables-legacy -t mangle -F");
	}
}

Test(metadata, the_mark_is_all_32_bits_and_no_more)
{
	static const unsigned long marks[] = { 0x12345678, 0xffffffff, 0, 1 };
	ipq_packet_msg_t *msg;
	struct ipq_handle *h;
	union message m;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_udp(AF_INET, "filter", "OUTPUT");
	for (size_t i = 0; i < COUNT(marks); i++) {
		run("iptables-legacy -t mangle -F && iptables-legacy -t mangle "
		    "-A OUTPUT -j MARK --set-mark %#lx", marks[i]);
		udp_say(AF_INET, 7, "hello");
		packet_over_ones(h, &m);
		msg = ipq_get_packet(m.buf);
		cr_assert(msg->mark == marks[i], "%#lx for %#lx", msg->mark, marks[i]);
	}
	ipq_destroy_handle(h);
}

#if __SIZEOF_LONG__ == 8 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* Messages as 64-bit little-endian programs got them from ip_queue, except for the id,
 * the time and, at OUTPUT, the protocol, which ip_queue left out. */
static const unsigned char echo_leaving[112] = {
	[0] = 0xc4, [4] = 0x13, [48] = 3, [68] = 'l', 'o', [84] = 8, 0, [104] = 84,
};
static const unsigned char echo_coming[112] = {
	[0] = 0xc4, [4] = 0x13, [48] = 1, [52] = 'l', 'o',
	[84] = 0x08, 0x00, 0x04, 0x03, 0x06, [104] = 84,
};
static const unsigned char udp6_leaving[112] = {
	[0] = 0xac, [4] = 0x13, [48] = 3, [68] = 'l', 'o', [84] = 0x86, 0xdd,
	[104] = 58,
};

static void assert_image(union message *m, const unsigned char *want)
{
	memset(m->buf + 16, 0, 4);	/* an id has 32 bits */
	if (want[48] == NF_INET_LOCAL_IN)
		memset(m->buf + 32, 0, 16);
	for (int i = 0; i < 112; i++)
		cr_assert(m->buf[i] == want[i], "byte %d: %02x for %02x", i,
			  m->buf[i], want[i]);
}

Test(metadata, an_echo_of_84_bytes_makes_the_196_bytes_it_used_to)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct {
		struct icmphdr icmp;
		char data[56];
	} echo = { .icmp = { .type = ICMP_ECHO }, .data = "fifty-six bytes" };
	unsigned char ip[84], mode[] = { 0x45, 0, 0, 84 };
	struct ipq_handle *h;
	union message m;
	int fd;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 2048);
	run("iptables-legacy -A OUTPUT -p icmp --icmp-type 8 -j QUEUE");
	run("iptables-legacy -A INPUT -p icmp --icmp-type 8 -j QUEUE");
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	echo.icmp.checksum = checksum_end(checksum_add(0, &echo, sizeof(echo)));
	cr_assert(sendto(fd, &echo, sizeof(echo), 0, (struct sockaddr *)&to,
			 sizeof(to)) == sizeof(echo));

	cr_assert(packet_over_ones(h, &m) == 196);
	ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, NF_ACCEPT, 0, NULL);
	assert_image(&m, echo_leaving);
	memcpy(ip, m.buf + 112, sizeof(ip));
	cr_assert(!memcmp(ip, mode, sizeof(mode)));
	cr_assert(!memcmp(ip + 20, &echo, sizeof(echo)));

	cr_assert(packet_over_ones(h, &m) == 196);
	assert_image(&m, echo_coming);
	cr_assert(!memcmp(m.buf + 112, ip, sizeof(ip)));
	ipq_destroy_handle(h);
}

Test(metadata, an_ipv6_datagram_of_58_bytes_makes_the_172_bytes_it_used_to)
{
	static const unsigned char ip[] = {
		0x60, 0, 0, 0, 0, 18, 17, 64, [23] = 1, [39] = 1,
	};
	static const unsigned char udp[] = { 0, 7, 0, 18 };
	struct ipq_handle *h;
	union message m;

	network_enter();
	run("sysctl -qw net.ipv6.auto_flowlabels=0");
	h = queue_open(PF_INET6, IPQ_COPY_PACKET, 0);
	queue_udp(AF_INET6, "filter", "OUTPUT");
	udp_say(AF_INET6, 7, "ten bytes!");
	cr_assert(packet_over_ones(h, &m) == 172);
	assert_image(&m, udp6_leaving);
	cr_assert(!memcmp(m.buf + 112, ip, sizeof(ip)));
	cr_assert(!memcmp(m.buf + 112 + 42, udp, sizeof(udp)));
	cr_assert(!memcmp(m.buf + 112 + 48, "ten bytes!\0", 12), "data and padding");
	ipq_destroy_handle(h);
}
#endif
