/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that pass invalid arguments get the errors that the kernel would have
 * returned, and never crash. */
#include <criterion/criterion.h>

#include "child.h"
#include "network.h"

TestSuite(bad, .timeout = 60);

Test(bad, addresses_counts_and_lengths_have_the_kernels_errno)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_start(&c, PRELOAD, "bad", NULL);
	child_says(&c, "done");
	child_ends_well(&c);
	udp_expect(heard, "hello");
}
