/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes how ipqctl parses packets that it shows. */
#include <arpa/inet.h>

#include "fuzz.h"
#include "packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy = (unsigned char *)copy_of(data, size);
	struct in6_addr address;
	struct packet p;

	memset(&p, 0xee, sizeof(p));
	if (packet_parse(copy, size, &p)) {
		CHECK(p.family == (data[0] >> 4 == 4 ? AF_INET : AF_INET6));
		CHECK(inet_pton(p.family, p.from, &address) == 1);
		CHECK(inet_pton(p.family, p.to, &address) == 1);
		CHECK(p.has_ports || (!p.from_port && !p.to_port));
	}
	free(copy);
	return 0;
}
