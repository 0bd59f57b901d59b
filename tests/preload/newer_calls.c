/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq-run, the preload library and libipq without system calls that were added after
 * ip_queue's last kernel: either they do not exist, as on an old kernel (ENOSYS), or they
 * are forbidden, as in a container with an old seccomp profile (EPERM). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "newer.h"
#include "pair.h"
#include "process.h"

TestSuite(newer_calls, .timeout = 100);

static int heard;

/* A program must be served while these calls fail. */
static void serve_without(const char *calls, int error)
{
	char number[12];
	struct child c;

	snprintf(number, sizeof(number), "%d", error);
	child_start(&c, NULL, "lacks", number, calls, given("IPQ_RUN"), "--library", PRELOAD,
		    "--no-iptables", given("STOCK"), "2", NULL);
	child_says(&c, "ready");
	child_is_served(&c, heard);
}

static void serve_without_calls(const char *calls)
{
	serve_without(calls, ENOSYS);
	serve_without(calls, EPERM);
}

Test(newer_calls, a_program_beneath_ipq_run_is_served_without_any_one_of_them)
{
	char calls[12];

	heard = queued_port(AF_INET);
	for (size_t i = 0; i < NEWER_CALLS; i++) {
		snprintf(calls, sizeof(calls), "%u", newer_calls[i].number);
		serve_without_calls(calls);
	}
}

static const char *all_calls(void)
{
	static char calls[NEWER_CALLS * 12];

	calls[0] = '\0';
	for (size_t i = 0; i < NEWER_CALLS; i++)
		sprintf(calls + strlen(calls), "%s%u", i ? "," : "", newer_calls[i].number);
	return calls;
}

Test(newer_calls, a_program_beneath_ipq_run_is_served_without_all_of_them)
{
	heard = queued_port(AF_INET);
	serve_without_calls(all_calls());
}

/* memfd_create(2) is one of them. */
Test(newer_calls, the_files_of_the_module_are_read_without_all_of_them)
{
	static const int errors[] = { ENOSYS, EPERM };
	static const char command[] = "sh -c 'cat /proc/net/ip_queue /proc/net/ip6_queue "
				      "/proc/sys/net/ipv4/ip_queue_maxlen; "
				      "grep ip_queue /proc/modules'";
	char expected[4096], said[4096];

	network_enter();
	run_output(expected, sizeof(expected), "%s --library %s %s", given("IPQ_RUN"), PRELOAD,
		   command);
	assert_says(expected, "Peer PID          : 0\n");
	assert_says(expected, "\n1024\n");
	for (size_t n = 0; n < sizeof(errors) / sizeof(*errors); n++) {
		run_output(said, sizeof(said), "%s/lacks %d %s %s --library %s %s",
			   given("PROGRAMS"), errors[n], all_calls(), given("IPQ_RUN"), PRELOAD,
			   command);
		cr_assert_str_eq(said, expected);
	}
}

/* Nor does the mover need these system calls. */
Test(newer_calls, two_families_on_one_number_are_served_without_all_of_them)
{
	static const int errors[] = { ENOSYS, EPERM };
	static const char *const text[] = { "four", "six" };
	char program[4096], number[12], line[32];
	struct child c;

	snprintf(program, sizeof(program), "%s/both", given("PROGRAMS"));
	for (int n = 0; n < 2; n++) {
		pair_network("QUEUE");
		snprintf(number, sizeof(number), "%d", errors[n]);
		child_start(&c, NULL, "lacks", number, all_calls(), given("IPQ_RUN"), "--library",
			    PRELOAD, "--no-iptables", program, "3", "recv", NULL);
		child_says(&c, "ready");
		for (int i = 0; i < 6; i++) {
			pair_say(i & 1, text[i & 1]);
			snprintf(line, sizeof(line), "%d: %s", i & 1 ? 6 : 4, text[i & 1]);
			child_says(&c, line);
			udp_expect(pair_heard[i & 1], text[i & 1]);
		}
		close(c.input);
		child_ends_well(&c);
	}
}
