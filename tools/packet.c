/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses, protocol and ports of a packet. Pure: bytes in, struct out; no
 * I/O, nothing allocated. */
#include <arpa/inet.h>

#include "packet.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
/* No packet needs more; one that is made to confuse may have many. */
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
	/* only the first fragment has them */
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
