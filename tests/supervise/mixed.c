/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of 32 and of 64 bits under one ipq-run, and calls that only 32-bit programs
 * make. PROGRAMS has those of 32 bits, PROGRAMS_64 those of 64. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"

TestSuite(mixed, .timeout = 60);

static const char *path_of(const char *directory, const char *name)
{
	static char paths[2][4096];
	static unsigned int n;

	snprintf(paths[++n % 2], sizeof(paths[0]), "%s/%s", given(directory), name);
	return paths[n % 2];
}

#define NARROW(name) path_of("PROGRAMS", name)
#define WIDE(name) path_of("PROGRAMS_64", name)

static void stock_is_served(struct child *c, int heard)
{
	child_says(c, "ready");
	child_is_served(c, heard);
}

Test(mixed, a_32_bit_program_executes_64_bit_ones)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_start(&c, PRELOAD, NARROW("executes"), "execv", WIDE("stock"), "2", NULL);
	stock_is_served(&c, heard);
	/* by a dynamic one */
	child_start(&c, PRELOAD, NARROW("executes"), "vfork", "/bin/sh", "-c",
		    "exec \"$PROGRAMS_64/stock\" 2", NULL);
	stock_is_served(&c, heard);
}

Test(mixed, a_64_bit_program_executes_32_bit_ones)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_start(&c, PRELOAD, "/bin/sh", "-c", "\"$PROGRAMS/stock\" 2; exit $?", NULL);
	stock_is_served(&c, heard);
	child_start(&c, PRELOAD, NARROW("executes"), "execv", "/usr/bin/env",
		    NARROW("stock"), "2", NULL);
	stock_is_served(&c, heard);
}

Test(mixed, either_is_served_while_the_other_waits)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_start(&c, PRELOAD, "/bin/sh", "-c",
		    "LIBIPQ_QUEUE=7 \"$PROGRAMS/stock\" 2 > /dev/null & waits=$!;"
		    "LIBIPQ_QUEUE=8 \"$PROGRAMS_64/stock\" 2 > /dev/null & waits=\"$waits $!\";"
		    "\"$PROGRAMS/stock\" 2 && \"$PROGRAMS_64/stock\" 2; kill $waits; wait",
		    NULL);
	child_says(&c, "ready");
	for (int i = 0; i < 2; i++) {
		udp_say(AF_INET, HEARD, "hello");
		udp_expect(heard, "hello");
		child_says(&c, "hello");
	}
	child_says(&c, "refused");
	stock_is_served(&c, heard);
}

/* Each reads messages in its own form. */
Test(mixed, a_socket_that_one_opened_serves_the_other)
{
	int heard = queued_port(AF_INET);
	struct child c;

	for (int i = 0; i < 2; i++) {
		child_start(&c, PRELOAD, i ? NARROW("inherits") : WIDE("inherits"), "exec",
			    i ? WIDE("inherits") : NARROW("inherits"), NULL);
		child_says(&c, "ready");
		udp_say(AF_INET, HEARD, "hello");
		udp_expect(heard, "hello");
		child_says(&c, "hello");
		child_ends_well(&c);
	}
}

static void serve(int heard, const char *raw, const char *receive, const char *send,
		  const char *comes_as)
{
	struct child c;

	child_ready(&c, raw, "3", "3", "bind", receive, send);
	udp_say(AF_INET, HEARD, "hello");
	udp_expect(heard, comes_as);
	child_says(&c, "hook 3, in '', out 'lo', 33 bytes: hello");
	child_ends_well(&c);
}

Test(mixed, socket_calls_are_served_without_socketcall)
{
	int heard = queued_port(AF_INET);

	serve(heard, "raw-direct32", "recv", "send", "hello");
	serve(heard, "raw-direct32", "recvfrom", "sendto", "hello");
	serve(heard, "raw-direct32", "recvmsg-in-parts", "sendmsg-in-parts", "Hello");
	serve(heard, "raw-direct32", "recvmmsg", "sendmmsg", "hello");
	serve(heard, "raw-direct32", "recvmmsg-in-time", "sendmsg", "hello");
	serve(heard, "raw-direct64", "recvmmsg-in-time", "sendmsg", "hello");
	serve(heard, "raw-direct32", "preadv2", "pwritev2", "Hello");
}

/* Also addresses and times that the C library would read itself. */
Test(mixed, errors_are_those_of_the_old_protocol_without_socketcall)
{
	static const char *const programs[] = { "bad-direct32", "bad-direct64" };
	struct child c;

	queued_port(AF_INET);
	for (int i = 0; i < 2; i++) {
		child_start(&c, PRELOAD, programs[i], NULL);
		child_says(&c, "done");
		child_ends_well(&c);
	}
}
