/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that do their worst to who supervises them: it stays, and serves the next. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"

TestSuite(hostile, .timeout = 100);

static void survives(const char *way)
{
	int heard = queued_port(AF_INET);
	char script[1024];
	struct child c;

	snprintf(script, sizeof(script), "%s/hostile %s; exec %s/stock 2", given("PROGRAMS"),
		 way, given("PROGRAMS"));
	child_start(&c, PRELOAD, "/bin/sh", "-c", script, NULL);
	child_says(&c, "done");
	child_says(&c, "ready");
	child_is_served(&c, heard);
}

Test(hostile, closes_what_another_thread_uses)
{
	survives("closes");
}

Test(hostile, gives_the_number_of_a_socket_to_another_file)
{
	survives("replaces");
}

Test(hostile, reads_where_a_socket_has_no_offset)
{
	survives("offset");
}

Test(hostile, takes_away_memory_that_it_has_named)
{
	survives("memory");
}

Test(hostile, executes_another_program_while_threads_wait)
{
	struct rlimit usual = { 1024, 1 << 14 };

	cr_assert(!setrlimit(RLIMIT_NOFILE, &usual));
	survives("executes");
}

/* The call of one of them is about to be changed when the other one ends it, in some of
 * many attempts. */
Test(hostile, executes_programs_in_two_threads_at_once)
{
	for (int n = 0; n < 10; n++)
		survives("together");
}

Test(hostile, opens_more_sockets_than_are_remembered)
{
	survives("many");
}

Test(hostile, calls_with_any_arguments)
{
	survives("anything");
}

Test(hostile, passes_sockets_on_and_to_low_numbers)
{
	survives("passes");
}

Test(hostile, does_not_read_what_is_explained_to_it)
{
	survives("deaf");
}

/* What the program may not write, root does not write for it. */
Test(hostile, has_no_trace_written_where_it_may_not_write)
{
	char directory[] = "/tmp/libipq-hostile-XXXXXX", script[1024], path[64];
	struct child c;

	network_enter();
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/trace", directory);
	snprintf(script, sizeof(script), "LIBIPQ_TRACE=%s exec %s/hostile passes", path,
		 given("PROGRAMS"));
	child_start(&c, PRELOAD, given("SETPRIV"), "--reuid", "65534", "--clear-groups",
		    "/bin/sh", "-c", script, NULL);
	child_says(&c, "done");
	child_ends_well(&c);
	cr_assert(rmdir(directory) == 0, "there is something in it");
}

Test(hostile, is_killed_and_interrupted_while_it_calls)
{
	survives("dies");
}
