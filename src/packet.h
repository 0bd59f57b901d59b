/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses the addresses, protocol and ports of a packet, and formats them as text. Pure
 * functions: no I/O, no allocation. */
#ifndef IPQ_PACKET_H
#define IPQ_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <libipq.h>

struct packet {
	int family;		/* AF_INET, AF_INET6 */
	size_t len;		/* bytes, according to the IP header */
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	uint8_t protocol;	/* IPPROTO_* */
	bool has_ports;
	uint16_t from_port, to_port;
};

/* Parses the first len bytes of a packet, which begin with its IP header. Returns false
 * if there is no complete one. */
bool packet_parse(const unsigned char *bytes, size_t len, struct packet *packet);

/* Returns the name of a hook, such as "OUTPUT", or "?" if there is no such hook. */
const char *packet_hook(unsigned int hook);

/* Returns the name of the protocol, such as "udp", or else its number, written to
 * "number". */
const char *packet_protocol(const struct packet *packet, char number[8]);

/* Room for the longest text of packet_describe. */
#define PACKET_TEXT_MAX 320

/* Writes "OUTPUT in - out lo udp 127.0.0.1:7 > 127.0.0.1:9 36 bytes mark 0 id 1". The
 * message m, with what was copied of the packet, has len bytes. Without a complete IP
 * header the part from "udp" to "bytes" is left out. */
void packet_describe(const ipq_packet_msg_t *m, size_t len, char text[PACKET_TEXT_MAX]);

#endif
