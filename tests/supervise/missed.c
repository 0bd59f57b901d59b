/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request has been made, but a signal ends the call before it is answered. */
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"

TestSuite(missed, .timeout = 60);

static void expect(const char *way)
{
	struct child c;

	close(queued_port(AF_INET));
	child_start(&c, PRELOAD, "interrupted", way, NULL);
	child_says(&c, "done");
	child_ends_well(&c);
}

Test(missed, a_request_that_is_repeated_is_made_once)
{
	expect("repeated");
}

Test(missed, a_request_that_is_restarted_is_made_once)
{
	expect("restarted");
}

Test(missed, requests_of_one_call_that_is_restarted_are_made_once)
{
	expect("together");
}

Test(missed, a_signal_handler_makes_requests_before_one_is_restarted)
{
	expect("handled");
}

Test(missed, another_request_in_the_same_buffer_is_made)
{
	expect("another");
}
