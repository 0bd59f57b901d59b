/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP packets over IPv4 or IPv6, from the IP header on, without options, as programs see
 * them in the payload. */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <string.h>

#include "datagram.h"
#include "network.h"

static size_t header_len(const unsigned char *packet)
{
	return packet[0] >> 4 == 4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
}

struct udphdr *datagram_udp(unsigned char *packet)
{
	return (struct udphdr *)(packet + header_len(packet));
}

size_t datagram_with(unsigned char *packet, const unsigned char *model,
		     const void *data, size_t len)
{
	size_t before = header_len(model) + sizeof(struct udphdr);

	memcpy(packet, model, before);
	memcpy(packet + before, data, len);
	if (header_len(model) == sizeof(struct iphdr))
		((struct iphdr *)packet)->tot_len = htons(before + len);
	else
		((struct ip6_hdr *)packet)->ip6_plen = htons(sizeof(struct udphdr) + len);
	datagram_udp(packet)->len = htons(sizeof(struct udphdr) + len);
	datagram_seal(packet);
	return before + len;
}

void datagram_seal(unsigned char *packet)
{
	struct iphdr *ip = (struct iphdr *)packet;
	struct udphdr *udp = datagram_udp(packet);
	size_t len = ntohs(udp->len);
	/* the checksum of the pseudo header: addresses, length, protocol */
	uint32_t sum = len + IPPROTO_UDP;

	if (header_len(packet) == sizeof(*ip)) {
		sum = checksum_add(sum, &ip->saddr, 8);
		ip->check = 0;
		ip->check = checksum_end(checksum_add(0, ip, sizeof(*ip)));
	} else {
		sum = checksum_add(sum, &((struct ip6_hdr *)packet)->ip6_src, 32);
	}
	udp->check = 0;
	udp->check = checksum_end(checksum_add(sum, udp, len));
	if (udp->check == 0)
		udp->check = 0xffff;
}
