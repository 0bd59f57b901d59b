/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP packets as programs see them in the payload: from the IP header on, of
 * either family, without options. */
#ifndef SUPPORT_DATAGRAM_H
#define SUPPORT_DATAGRAM_H

#include <stddef.h>

/* Room for the longest. */
#define DATAGRAM_MAX 65535

/* Makes the packet that model is, but with len bytes of other data. Returns
 * its length. */
size_t datagram_with(unsigned char *packet, const unsigned char *model,
		     const void *data, size_t len);

/* Puts checksums right that changes to the packet have made wrong. */
void datagram_seal(unsigned char *packet);

/* The UDP header, the data follows. */
struct udphdr *datagram_udp(unsigned char *packet);

#endif
