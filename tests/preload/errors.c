/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results that programs see: errno, and the process that an error message is
 * addressed to (FACTS 2). */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"

TestSuite(errors, .timeout = 60);

/* There must be a case for each function that the library exports. All settings are set,
 * so that each is read. */
Test(errors, errno_is_left_alone_by_every_exported_function_that_succeeds)
{
	char said[16384];

	network_enter();
	setenv("LIBIPQ_QUEUE", "1", 1);
	setenv("LIBIPQ_QUEUE6", "2", 1);
	setenv("LIBIPQ_MAXLEN", "-1", 1);
	setenv("LIBIPQ_RCVBUF", "100000", 1);
	setenv("LIBIPQ_FAIL_OPEN", "1", 1);
	setenv("LIBIPQ_GSO", "1", 1);
	for (int batch = 1; batch <= 2; batch++) {
		setenv("LIBIPQ_BATCH", batch == 1 ? "1" : "16", 1);
		cr_assert(!run_output(said, sizeof(said), "libraries='%s %s/libipq.so.0'; "
				      "names=$(nm -D --defined-only $libraries | "
				      "sed -n 's/.* [A-Z] //p') && "
				      "LD_PRELOAD=$libraries %s/errnos $names",
				      PRELOAD, dirname(strcpy(said, PRELOAD)),
				      given("PROGRAMS")), "%s", said);
		cr_assert_str_eq(said, "");
	}
}

Test(errors, a_refusal_is_addressed_to_the_port_id_that_the_program_has_bound)
{
	struct child c;

	network_enter();
	child_start(&c, PRELOAD, "port-id", NULL);
	child_says(&c, "done");
	child_ends_well(&c);
}
