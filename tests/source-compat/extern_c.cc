/* SPDX-License-Identifier: GPL-2.0-or-later */
/* C++ programs that were written before the header had its own extern "C". */
extern "C" {
#include <linux/netfilter.h>
#include <libipq.h>
}
#include <string>

int main(int, char *argv[])
{
	struct ipq_handle *h = ipq_create_handle(0, PF_INET);
	unsigned char buf[2048];

	if (!h || ipq_read(h, buf, sizeof(buf), 0) < 0)
		ipq_perror(std::string(argv[0]).c_str());
	return ipq_set_verdict(h, ipq_get_packet(buf)->packet_id, NF_ACCEPT, 0, NULL);
}
