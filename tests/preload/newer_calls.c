/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq-run, the preload library and libipq where system calls newer than ip_queue's last
 * kernel are missing, as on an old kernel (ENOSYS), or refused, as in a container with an
 * old profile (EPERM). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "newer.h"

TestSuite(newer_calls, .timeout = 100);

static int heard;

/* One packet goes through the program where the calls fail. */
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

Test(newer_calls, a_program_beneath_ipq_run_is_served_without_all_of_them)
{
	char calls[NEWER_CALLS * 12] = "";

	heard = queued_port(AF_INET);
	for (size_t i = 0; i < NEWER_CALLS; i++)
		sprintf(calls + strlen(calls), "%s%u", i ? "," : "", newer_calls[i].number);
	serve_without_calls(calls);
}
