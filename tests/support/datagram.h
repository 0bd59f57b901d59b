/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP packets over IPv4 or IPv6, from the IP header on, without options, as programs see
 * them in the payload. */
#ifndef SUPPORT_DATAGRAM_H
#define SUPPORT_DATAGRAM_H

#include <stddef.h>

/* Size of the largest packet. */
#define DATAGRAM_MAX 65535

/* Makes a copy of model with len bytes of other data. Returns its length. */
size_t datagram_with(unsigned char *packet, const unsigned char *model,
		     const void *data, size_t len);

/* Corrects the checksums after changes to the packet. */
void datagram_seal(unsigned char *packet);

/* Returns the UDP header. The data follows it. */
struct udphdr *datagram_udp(unsigned char *packet);

#endif
