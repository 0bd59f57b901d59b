/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses, protocol and ports of a packet, and how it is shown. Pure: bytes in,
 * struct or text out; no I/O, nothing allocated. */
#ifndef IPQ_PACKET_H
#define IPQ_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <libipq.h>

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

/* "OUTPUT"; "?" for none. */
const char *packet_hook(unsigned int hook);

/* "udp", or the number, for which there is room. */
const char *packet_protocol(const struct packet *packet, char number[8]);

/* Room for the longest. */
#define PACKET_TEXT_MAX 320

/* "OUTPUT in - out lo udp 127.0.0.1:7 > 127.0.0.1:9 36 bytes mark 0 id 1". What was read of
 * the packet is within len bytes from m on; without an IP header the middle is left out. */
void packet_describe(const ipq_packet_msg_t *m, size_t len, char text[PACKET_TEXT_MAX]);

#endif
