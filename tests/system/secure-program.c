/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program for the test of settings to run: asks for packets, and says whether
 * the system takes it for one that has more privilege than its caller. */
#include <stdio.h>
#include <sys/auxv.h>
#include <libipq.h>

int main(void)
{
	struct ipq_handle *h = ipq_create_handle(0, PF_INET);

	if (!h) {
		ipq_perror("secure-program");
		return 1;
	}
	ipq_set_mode(h, IPQ_COPY_META, 0);
	puts(getauxval(AT_SECURE) ? "secure" : "not secure");
	ipq_destroy_handle(h);
	return 0;
}
