/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses, protocol and ports of a packet. Pure: bytes in, struct out; no
 * I/O, nothing allocated. */
#ifndef IPQCTL_PACKET_H
#define IPQCTL_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

struct packet {
	int family;		/* AF_INET, AF_INET6 */
	size_t len;		/* bytes, as the packet itself says */
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	uint8_t protocol;	/* IPPROTO_* */
	bool has_ports;
	uint16_t from_port, to_port;
};

/* Reads the len bytes that were copied of a packet, from its IP header on. False
 * if they do not have one. */
bool packet_parse(const unsigned char *bytes, size_t len, struct packet *packet);

#endif
