/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs with the preload library, run by tools that examine programs. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "process.h"

#define IPQ_RUN given("IPQ_RUN")

TestSuite(beneath, .timeout = 110);

static bool is_installed(const char *tool)
{
	char path[256];

	return !run_output(path, sizeof(path), "command -v %s", tool);
}

/* It must report nothing for packets, error messages, and buffers that were never
 * written to before. */
Test(beneath, valgrind_is_silent_of_a_clean_program)
{
	int heard = queued_port(AF_INET);
	char program[512];
	struct child c;

	if (!is_installed("valgrind"))
		cr_skip_test("valgrind is not installed");
	snprintf(program, sizeof(program), "%s/stock", given("PROGRAMS"));
	child_start(&c, NULL, IPQ_RUN, "valgrind", "-q", "--error-exitcode=99", program, "2",
		    NULL);
	child_says(&c, "ready");
	child_is_served(&c, heard);
}

/* gcc's address sanitizer is a library that has to be the first; clang's is part
 * of the program. */
Test(beneath, address_sanitizers_programs_are_served_without_a_word_to_them)
{
	const char *const programs[] = { given("SANITIZED"), given("SANITIZED_SHARED") };
	int heard = queued_port(AF_INET), served = 0;
	struct child c;

	for (int i = 0; i < 2; i++) {
		if (access(programs[i], X_OK))
			continue;
		child_start(&c, NULL, IPQ_RUN, programs[i], "2", NULL);
		child_says(&c, "ready");
		child_is_served(&c, heard);
		served++;
	}
	if (!served)
		cr_skip_test("no compiler with an address sanitizer is installed");
}
