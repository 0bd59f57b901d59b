/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs compiled with _FORTIFY_SOURCE call other functions instead, where the compiler
 * knows the size of a buffer. */
#include <signal.h>
#include <string.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"

static void skip_other_compilers(void)
{
	if (strcmp(given("COMPILER"), "gcc"))
		cr_skip_test("%s calls no fortified functions", given("COMPILER"));
}

TestSuite(fortified, .init = skip_other_compilers, .timeout = 60);

static const struct {
	const char *how, *symbol;
} ways[] = {
	{ "recv", "__recv_chk" },
	{ "recvfrom", "__recvfrom_chk" },
	{ "read", "__read_chk" },
};

Test(fortified, checked_reads_are_served)
{
	int heard = queued_port(AF_INET);
	struct child c;

	for (int i = 0; i < 3; i++) {
		run("nm -D -u %s/fortified | grep -qw %s", given("PROGRAMS"),
		    ways[i].symbol);
		child_ready(&c, "fortified", ways[i].how, "70000");
		udp_say(AF_INET, HEARD, "hello");
		udp_expect(heard, "hello");
		child_says(&c, sizeof(long) == 8 ? "148 bytes: hello" :
						   "124 bytes: hello");
		child_ends_well(&c);
	}
}

Test(fortified, reads_beyond_the_buffer_are_still_caught)
{
	struct child c;

	queued_port(AF_INET);
	for (int i = 0; i < 3; i++) {
		child_ready(&c, "fortified", ways[i].how, "70001");
		cr_assert(child_end(&c) == 128 + SIGABRT);
		cr_assert(strstr(c.text, "buffer overflow detected"));
	}
}
