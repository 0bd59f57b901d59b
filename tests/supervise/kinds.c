/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of every kind into which no library can be loaded, without a word that they
 * are to be supervised. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"

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

/* glibc makes socketcall(2) of the socket functions there. */
Test(kinds, for_32_bits)
{
	serves("i386/stock", "2");
}

Test(kinds, for_32_bits_without_a_c_library)
{
	serves("i386/bare", NULL);
}

Test(kinds, in_go)
{
	serves("plain-go", NULL);
}
