/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 32-bit programs on a 64-bit kernel, with a 32-bit preload library. build-i386.sh
 * has built both. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "child.h"
#include "network.h"
#include "process.h"

#define PRELOAD_I386 given("PRELOAD_I386")

/* As under ipq-run, libipq.so.0 is found in the directory of the preload library. */
static void skip_without(void)
{
	char path[4096];

	if (access(PRELOAD_I386, R_OK))
		cr_skip_test("the 32-bit library was not built: see preload-i386-build");
	setenv("PROGRAMS", given("PROGRAMS_I386"), 1);
	snprintf(path, sizeof(path), "%s", PRELOAD_I386);
	*strrchr(path, '/') = '\0';
	setenv("LD_LIBRARY_PATH", path, 1);
}

TestSuite(i386, .init = skip_without, .timeout = 60);

static void serve(const char *raw, int heard, const char *receive, const char *send,
		  const char *comes_as)
{
	struct child c;

	child_start(&c, PRELOAD_I386, raw, "3", "3", "bind", receive, send, NULL);
	child_says(&c, "ready");
	udp_say(AF_INET, HEARD, "hello");
	udp_expect(heard, comes_as);
	child_says(&c, "hook 3, in '', out 'lo', 33 bytes: hello");
	child_ends_well(&c);
}

Test(i386, every_way_of_receiving_and_sending_serves)
{
	static const char *const receive[] = {
		"recv", "recvfrom", "recvmsg", "recvmsg-in-parts", "recvmmsg",
		"recvmmsg-in-time", "read", "readv", "peek", "select", "poll", "epoll",
	};
	static const char *const send[] = {
		"send", "sendto", "sendmsg", "sendmmsg", "write",
	};
	int heard = queued_port(AF_INET);

	for (size_t i = 0; i < sizeof(receive) / sizeof(receive[0]); i++)
		serve("raw", heard, receive[i], send[i % 5], "hello");
	serve("raw", heard, "recv", "sendmsg-in-parts", "Hello");
	serve("raw", heard, "readv", "writev", "Hello");
}

Test(i386, protocol_13_serves_ipv6)
{
	int heard = queued_port(AF_INET6);
	struct child c;

	child_start(&c, PRELOAD_I386, "raw", "13", "2", "-", "recvmsg-in-parts",
		    "sendmsg-in-parts", NULL);
	child_says(&c, "ready");
	udp_say(AF_INET6, HEARD, "hello");
	udp_expect(heard, "Hello");
	child_says(&c, "hook 3, in '', out 'lo', 53 bytes: hello");
	child_ends_well(&c);
}

/* The program prints that it is ready, then accepts packets and prints their text. */
static void pass(const char *program, const char *arg, int count, const char *last)
{
	int heard = queued_port(AF_INET);
	char text[16];
	struct child c;

	child_start(&c, PRELOAD_I386, program, arg, NULL);
	child_says(&c, "ready");
	for (int i = 1; i <= count; i++) {
		snprintf(text, sizeof(text), "text %d", i);
		udp_say(AF_INET, HEARD, text);
		udp_expect(heard, text);
		child_says(&c, text);
	}
	if (last)
		child_says(&c, last);
	child_ends_well(&c);
}

Test(i386, a_program_with_libipq_inside_is_served)
{
	pass("stock", "2", 2, "refused");
}

Test(i386, a_program_may_read_the_descriptor_in_its_handle_itself)
{
	pass("own-reads", "peek", 1, NULL);
}

Test(i386, duplicates_serve)
{
	NOT_SUPERVISED(SUPERVISED_HAS_HIGH_NUMBERS);
	pass("copies", "dup2", 3, NULL);
	pass("copies", "fcntl64", 3, NULL);
}

/* The C library has other functions for them (_TIME_BITS). */
Test(i386, programs_with_64_bits_of_time_are_served)
{
	static const char *const programs[] = { "lengths-time64", "bad-time64" };
	int heard = queued_port(AF_INET);
	struct child c;

	serve("raw-time64", heard, "recvmsg", "sendmsg", "hello");
	serve("raw-time64", heard, "recvmmsg", "sendmmsg", "hello");
	serve("raw-time64", heard, "recvmmsg-in-time", "sendmmsg", "hello");
	/* the C library of the second reads a struct msghdr before the system call does */
	for (int i = 0; i < (getenv("SUPERVISED") ? 1 : 2); i++) {
		child_start(&c, PRELOAD_I386, programs[i], NULL);
		child_says(&c, "done");
		child_ends_well(&c);
	}
}

Test(i386, duplicates_serve_programs_with_64_bits_of_time)
{
	static const char *const ways[] = { "recvmsg", "recvmmsg" };

	NOT_SUPERVISED(SUPERVISED_HAS_HIGH_NUMBERS);
	pass("copies-time64", "fcntl64", 3, NULL);
	pass("copies-time64", "fcntl64-cloexec", 3, NULL);
	for (int i = 0; i < 2; i++)
		pass("passed-time64", ways[i], 1, NULL);
}

Test(i386, a_number_reused_is_not_translated)
{
	NOT_SUPERVISED(SUPERVISED_HAS_HIGH_NUMBERS);
	pass("reused", NULL, 1, NULL);
}

Test(i386, checked_reads_are_served)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_start(&c, PRELOAD_I386, "fortified", "recv", "70000", NULL);
	child_says(&c, "ready");
	udp_say(AF_INET, HEARD, "hello");
	udp_expect(heard, "hello");
	child_says(&c, "124 bytes: hello");
	child_ends_well(&c);
}

Test(i386, lengths_names_and_errors_are_those_of_the_old_protocol)
{
	static const char *const programs[] = { "lengths", "addresses", "bad" };
	struct child c;

	queued_port(AF_INET);
	for (int i = 0; i < 3; i++) {
		child_start(&c, PRELOAD_I386, programs[i], NULL);
		child_says(&c, "done");
		child_ends_well(&c);
	}
}

Test(i386, foreign_descriptors_give_the_same_results_and_errors_as_without)
{
	static struct child without, with;

	NOT_SUPERVISED(SUPERVISED_HAS_HIGH_NUMBERS);
	network_enter();
	child_start(&without, NULL, "others", "remembered", NULL);
	cr_assert(child_end(&without) == 0, "%s", without.text);
	child_start(&with, PRELOAD_I386, "others", "remembered", NULL);
	cr_assert(child_end(&with) == 0, "%s", with.text);
	cr_assert(without.len > 10000 && !strcmp(with.text, without.text));
}

Test(i386, ipq_run_gives_programs_the_library_of_their_kind)
{
	int heard = queued_port(AF_INET);
	char stock[512];
	struct child c;

	snprintf(stock, sizeof(stock), "%s/stock", given("PROGRAMS"));
	child_start(&c, NULL, given("IPQ_RUN"), stock, "1", NULL);
	child_says(&c, "ready");
	udp_say(AF_INET, HEARD, "hello");
	udp_expect(heard, "hello");
	child_says(&c, "hello");
	child_says(&c, "refused");
	child_ends_well(&c);
	/* linked to a library that does not exist */
	snprintf(stock, sizeof(stock), "%s/passer", given("PROGRAMS"));
	child_start(&c, NULL, given("IPQ_RUN"), stock, "0", NULL);
	child_ends_well(&c);
}

Test(i386, ipq_run_refuses_them_where_there_is_no_such_library)
{
	char said[1024];

	NOT_SUPERVISED("no library is loaded into supervised programs");
	cr_assert(run_output(said, sizeof(said), "d=$(mktemp -d) && cp %s $d && "
			     "$d/ipq-run %s/raw; s=$?; rm -r $d; exit $s",
			     given("IPQ_RUN"), given("PROGRAMS")) == 125, "%s", said);
	assert_one_line(said);
	assert_says(said, "32-bit");
	assert_says(said, "--library");
}
