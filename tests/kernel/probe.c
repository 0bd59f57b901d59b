/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says in one line what becomes of a handle. */
#include <stdio.h>
#include <libipq.h>

int main(void)
{
	unsigned char buf[2048];
	struct ipq_handle *h;

	h = ipq_create_handle(0, PF_INET);
	if (!h) {
		ipq_perror("no handle");
		return 1;
	}
	printf("handle: mode %s, then %zd\n",
	       ipq_set_mode(h, IPQ_COPY_PACKET, 0) > 0 ? "set" : "refused",
	       ipq_read(h, buf, sizeof(buf), -1));
	return 0;
}
