/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run by the test of settings: sets a mode, and prints whether the kernel treats it as
 * having more privilege than its caller. */
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
