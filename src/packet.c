/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses the addresses, protocol and ports of a packet, and formats them as text. Pure
 * functions: no I/O, no allocation. */
#include <stdio.h>
#include <arpa/inet.h>

#include "packet.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
/* Limits hostile packets; ordinary ones have fewer extension headers. */
#define EXTENSIONS_MAX 16

static uint16_t be16(const unsigned char *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

static void parse_ports(const unsigned char *bytes, size_t len, size_t offset,
			struct packet *packet)
{
	switch (packet->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		break;
	default:
		return;
	}
	if (offset > len || len - offset < 4)
		return;
	packet->has_ports = true;
	packet->from_port = be16(bytes + offset);
	packet->to_port = be16(bytes + offset + 2);
}

static bool parse_ipv4(const unsigned char *bytes, size_t len, struct packet *packet)
{
	size_t header = (bytes[0] & 0x0f) * 4;

	if (len < IPV4_HEADER || header < IPV4_HEADER)
		return false;
	packet->family = AF_INET;
	packet->len = be16(bytes + 2);
	packet->protocol = bytes[9];
	inet_ntop(AF_INET, bytes + 12, packet->from, sizeof(packet->from));
	inet_ntop(AF_INET, bytes + 16, packet->to, sizeof(packet->to));
	/* only the first fragment has ports */
	if (!(be16(bytes + 6) & 0x1fff))
		parse_ports(bytes, len, header, packet);
	return true;
}

static bool is_extension(uint8_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT ||
	       protocol == IPPROTO_AH;
}

static bool parse_ipv6(const unsigned char *bytes, size_t len, struct packet *packet)
{
	size_t offset = IPV6_HEADER;
	bool first = true;

	if (len < IPV6_HEADER)
		return false;
	packet->family = AF_INET6;
	packet->len = be16(bytes + 4) + IPV6_HEADER;
	packet->protocol = bytes[6];
	inet_ntop(AF_INET6, bytes + 8, packet->from, sizeof(packet->from));
	inet_ntop(AF_INET6, bytes + 24, packet->to, sizeof(packet->to));
	for (int i = 0; is_extension(packet->protocol); i++) {
		const unsigned char *extension;

		if (i == EXTENSIONS_MAX || offset > len || len - offset < 8)
			return true;
		extension = bytes + offset;
		if (packet->protocol == IPPROTO_FRAGMENT) {
			first = !(be16(extension + 2) & 0xfff8);
			offset += 8;
		} else if (packet->protocol == IPPROTO_AH) {
			offset += (extension[1] + 2) * 4;
		} else {
			offset += (extension[1] + 1) * 8;
		}
		packet->protocol = extension[0];
		if (!first)
			return true;
	}
	parse_ports(bytes, len, offset, packet);
	return true;
}

bool packet_parse(const unsigned char *bytes, size_t len, struct packet *packet)
{
	*packet = (struct packet) { 0 };
	switch (len ? bytes[0] >> 4 : 0) {
	case 4:
		return parse_ipv4(bytes, len, packet);
	case 6:
		return parse_ipv6(bytes, len, packet);
	default:
		return false;
	}
}

const char *packet_hook(unsigned int hook)
{
	static const char *const names[] = {
		"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING",
	};

	return hook < sizeof(names) / sizeof(*names) ? names[hook] : "?";
}

const char *packet_protocol(const struct packet *p, char number[8])
{
	static const char *const names[256] = {
		[IPPROTO_ICMP] = "icmp", [IPPROTO_IGMP] = "igmp", [IPPROTO_TCP] = "tcp",
		[IPPROTO_UDP] = "udp", [IPPROTO_GRE] = "gre", [IPPROTO_ESP] = "esp",
		[IPPROTO_AH] = "ah", [IPPROTO_ICMPV6] = "icmpv6",
		[IPPROTO_SCTP] = "sctp", [IPPROTO_UDPLITE] = "udplite",
	};

	snprintf(number, 8, p->family ? "%u" : "?", p->protocol);
	return p->family && names[p->protocol] ? names[p->protocol] : number;
}

/* Writes for example "[fd09::1]:7", or "10.9.0.1" if the packet has no ports. */
static void endpoint(char *text, size_t size, const struct packet *p,
		     const char *address, uint16_t port)
{
	bool brackets = p->has_ports && p->family == AF_INET6;
	int n = snprintf(text, size, "%s%s%s", brackets ? "[" : "", address,
			 brackets ? "]" : "");

	if (p->has_ports)
		snprintf(text + n, size - n, ":%u", port);
}

void packet_describe(const ipq_packet_msg_t *m, size_t len, char text[PACKET_TEXT_MAX])
{
	size_t payload = len - sizeof(*m);
	char from[80], to[80], number[8];
	struct packet p;
	int n;

	packet_parse(m->payload, m->data_len < payload ? m->data_len : payload, &p);
	endpoint(from, sizeof(from), &p, p.from, p.from_port);
	endpoint(to, sizeof(to), &p, p.to, p.to_port);
	n = snprintf(text, PACKET_TEXT_MAX, "%s in %.*s out %.*s", packet_hook(m->hook),
		     IFNAMSIZ, *m->indev_name ? m->indev_name : "-",
		     IFNAMSIZ, *m->outdev_name ? m->outdev_name : "-");
	if (p.family)
		n += snprintf(text + n, PACKET_TEXT_MAX - n, " %s %s > %s %zu bytes",
			      packet_protocol(&p, number), from, to, p.len);
	snprintf(text + n, PACKET_TEXT_MAX - n, " mark %#lx id %lu", m->mark, m->packet_id);
}
