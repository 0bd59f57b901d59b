/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that use netlink themselves, with a socket for each family, on
 * one queue number. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "pair.h"

TestSuite(both, .timeout = 60);

static void pass(struct child *c, int i, const char *text)
{
	char says[64];

	pair_say(i, text);
	snprintf(says, sizeof(says), "%d: %s", i ? 6 : 4, text);
	child_says(c, says);
	udp_expect(pair_heard[i], text);
}

static void order(struct child *c, const char *line)
{
	child_tell(c, line);
	child_says(c, "done");
}

static void end(struct child *c)
{
	close(c->input);
	child_ends_well(c);
}

static const char *const protocol[2] = { "3", "13" };

static void serve(const char *preload, int first, const char *receive)
{
	struct child c;

	pair_network("QUEUE");
	child_start(&c, preload, "both", protocol[first], receive, NULL);
	child_says(&c, "ready");
	for (int n = 0; n < 8; n++)
		pass(&c, n >> (n / 4) & 1, "hello");
	end(&c);
}

static const char *const ways[] = { "recv", "read", "peek" };

Test(both, are_served_in_every_way_of_receiving)
{
	for (int first = 0; first < 2; first++)
		for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
			serve(PRELOAD, first, ways[i]);
}

/* Such programs have no handle: close(2) is all that tells that a socket is
 * no longer used. */
Test(both, a_socket_of_either_family_may_be_closed_and_opened_again)
{
	for (int first = 0; first < 2; first++) {
		struct child c;

		pair_network("QUEUE");
		child_ready(&c, "both", protocol[first], "recv");
		for (int n = 0; n < 4; n++) {
			int closed = n / 2 % 2;

			order(&c, closed ? "close 13" : "close 3");
			pass(&c, !closed, "alone");
			order(&c, closed ? "open 13" : "open 3");
			pass(&c, closed, "again");
			pass(&c, !closed, "both");
		}
		end(&c);
	}
}

static void move(struct child *c, int i, const char *how)
{
	char line[32];

	snprintf(line, sizeof(line), "move %s %s", protocol[i], how);
	order(c, line);
}

static void pass_both(struct child *c)
{
	pass(c, 0, "hello");
	pass(c, 1, "hello");
}

/* After it is moved it is used, or the other socket is closed or opened. */
Test(both, a_socket_of_either_family_may_be_moved_to_another_descriptor)
{
	static const char *const hows[] = { "close", "dup2", "unseen" };

	for (int moved = 0; moved < 2; moved++)
		for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
			struct child c;

			pair_network("QUEUE");
			child_ready(&c, "both", protocol[0], "recv");
			move(&c, moved, hows[i]);
			pass_both(&c);
			move(&c, moved, hows[i]);
			/* the library finds the socket only when it is used */
			if (i == 2)
				pass(&c, moved, "found");
			order(&c, moved ? "close 3" : "close 13");
			pass(&c, moved, "alone");
			move(&c, moved, hows[i]);
			if (i == 2)
				pass(&c, moved, "found");
			order(&c, moved ? "open 3" : "open 13");
			pass_both(&c);
			end(&c);
		}
}

/* It reads before it sends any request. */
Test(both, are_served_in_a_program_that_is_executed_with_them)
{
	for (int first = 0; first < 2; first++)
		for (int family = 0; family < 2; family++) {
			struct child c;

			pair_network("QUEUE");
			child_ready(&c, "both", protocol[first], "recv");
			pass(&c, family, "before");
			child_tell(&c, "execute");
			child_says(&c, "ready");
			pass(&c, family, "after");
			pass_both(&c);
			order(&c, family ? "close 13" : "close 3");
			pass(&c, !family, "alone");
			end(&c);
		}
}

/* With a timeout of "0" the sockets do not block. */
Test(both, are_served_in_a_loop_of_pythons_beneath_ipq_run)
{
	static const char *const timeouts[] = { "0", "5" };

	for (int n = 0; n < 4; n++) {
		struct child c;

		pair_network("QUEUE");
		child_start(&c, NULL, given("IPQ_RUN"), given("PYTHON"), given("BOTH_PY"),
			    protocol[n & 1], timeouts[n / 2], NULL);
		child_says(&c, "ready");
		for (int i = 0; i < 8; i++)
			pass(&c, !(i >> (i / 4) & 1), "hello");
		end(&c);
	}
}

Test(both, are_served_in_32_bit_programs)
{
	const char *preload = given("PRELOAD_I386");

	if (access(preload, R_OK))
		cr_skip_test("the 32-bit library was not built: see preload-i386-build");
	setenv("PROGRAMS", given("PROGRAMS_I386"), 1);
	unsetenv("LD_LIBRARY_PATH");
	for (int first = 0; first < 2; first++)
		serve(preload, first, "recv");
}

/* Ids have the queue number in their upper half, which 32-bit programs do not have. */
Test(both, only_64_bit_programs_can_have_several_numbers)
{
	const char *preload = given("PRELOAD_I386");
	struct child c;

	if (access(preload, R_OK))
		cr_skip_test("the 32-bit library was not built: see preload-i386-build");
	setenv("PROGRAMS", given("PROGRAMS_I386"), 1);
	unsetenv("LD_LIBRARY_PATH");
	network_enter();
	setenv("LIBIPQ_QUEUE", "4-7", 1);
	child_start(&c, preload, "both", "3", "recv", NULL);
	child_says(&c, "libipq: LIBIPQ_QUEUE=4-7: expected a queue number, 0 to 65535 "
		   "(only 64-bit programs can have several)");
	cr_assert(child_end(&c) == 1, "%s", c.text);
	setenv("LIBIPQ_QUEUE", "4-4", 1);
	child_start(&c, preload, "both", "3", "recv", NULL);
	child_says(&c, "ready");
	end(&c);
}
