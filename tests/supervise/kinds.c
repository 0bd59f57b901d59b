/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of every kind into which no library can be loaded, without a word that they
 * are to be supervised. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "process.h"

TestSuite(kinds, .timeout = 60);

static void serves(const char *name, const char *argument)
{
	int heard = queued_port(AF_INET);
	struct child c;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", given("PROGRAMS"), name);
	if (access(path, X_OK))
		cr_skip_test("%s could not be built here", name);
	child_start(&c, NULL, given("SUPERVISOR"), path, argument, NULL);
	child_says(&c, "ready");
	child_is_served(&c, heard);
}

Test(kinds, linked_with_glibc)
{
	serves("stock", "2");
}

Test(kinds, linked_with_musl)
{
	serves("stock-musl", "2");
}

Test(kinds, without_a_c_library)
{
	serves("bare", NULL);
}

/* One for 32 bits says so, and what to do. */
Test(kinds, for_32_bits_is_refused_with_the_remedy)
{
	static char said[4096], path[4096];
	int status;

	snprintf(path, sizeof(path), "%s/bare-32", given("PROGRAMS"));
	if (access(path, X_OK))
		cr_skip_test("a 32-bit program could not be built here");
	status = run_output(said, sizeof(said), "%s %s", given("SUPERVISOR"), path);
	cr_assert(status == 125, "status %d: %s", status, said);
	assert_one_line(said);
	assert_says(said, "is statically linked, for 32 bits");
	assert_says(said, "link it again");
	status = run_output(said, sizeof(said), "%s --supervise %s", given("SUPERVISOR"), path);
	cr_assert(status == 125, "status %d: %s", status, said);
}
