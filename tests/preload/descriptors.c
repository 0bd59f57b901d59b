/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs do with descriptors must not make the library miss an ip_queue socket, or
 * take another file for one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "child.h"
#include "network.h"

TestSuite(descriptors, .timeout = 60);

/* The program must accept this packet and print its text. */
static void pass(struct child *c, int heard, const char *text)
{
	udp_say(AF_INET, HEARD, text);
	udp_expect(heard, text);
	child_says(c, text);
}

Test(descriptors, lengths_are_those_of_the_old_message)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_start(&c, PRELOAD, "lengths", NULL);
	child_says(&c, "done");
	child_ends_well(&c);
	for (int i = 0; i < 10; i++)
		udp_expect(heard, "hello");
}

Test(descriptors, names_are_those_of_the_old_protocol)
{
	struct child c;

	network_enter();
	child_start(&c, PRELOAD, "addresses", NULL);
	child_says(&c, "done");
	child_ends_well(&c);
}

Test(descriptors, duplicates_of_every_kind_serve)
{
	static const char *const ways[] = {
		"dup", "dup2", "dup3", "F_DUPFD", "F_DUPFD_CLOEXEC",
#ifdef __GLIBC__
		"fcntl64", "fcntl64-cloexec",
#endif
	};
	int heard = queued_port(AF_INET);
	struct child c;

	NOT_SUPERVISED(SUPERVISED_HAS_HIGH_NUMBERS);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		child_ready(&c, "copies", ways[i]);
		pass(&c, heard, "by the copy");
		pass(&c, heard, "by its copy");
		pass(&c, heard, "by a child's");
		child_ends_well(&c);
	}
}

Test(descriptors, forked_children_and_their_parent_share_one)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_ready(&c, "forks");
	pass(&c, heard, "to the child");
	pass(&c, heard, "to the parent");
	pass(&c, heard, "to the orphan");
	child_ends_well(&c);
}

Test(descriptors, there_may_be_64_and_those_a_parent_closed_do_not_count)
{
	int heard = queued_port(AF_INET);
	struct child c;

	NOT_SUPERVISED(SUPERVISED_HAS_HIGH_NUMBERS);
	child_ready(&c, "many");
	pass(&c, heard, "to one of many");
	child_ends_well(&c);
}

Test(descriptors, sockets_of_two_networks_are_two)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_ready(&c, "networks");
	pass(&c, heard, "in the first network");
	child_ends_well(&c);
}

Test(descriptors, a_vfork_child_does_not_disturb_its_parent)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_ready(&c, "vforks");
	pass(&c, heard, "after vfork");
	child_tell(&c, "standard input is not netlink");
	child_says(&c, "standard input is not netlink");
	child_ends_well(&c);
}

Test(descriptors, threads_that_open_and_close_others_do_not_disturb)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_ready(&c, "threads-and-files", "300");
	for (int i = 0; i < 300; i++) {
		udp_say(AF_INET, HEARD, "among threads");
		udp_expect(heard, "among threads");
	}
	child_ends_well(&c);
}

Test(descriptors, a_socket_passed_over_a_unix_socket_serves)
{
	static const char *const ways[] = { "recvmsg", "recvmmsg", "credentials" };
	int heard = queued_port(AF_INET);
	struct child c;

	NOT_SUPERVISED(SUPERVISED_HAS_HIGH_NUMBERS);
	for (int i = 0; i < 3; i++) {
		child_ready(&c, "passed", ways[i]);
		pass(&c, heard, "to the other process");
		child_ends_well(&c);
	}
}

Test(descriptors, a_number_reused_is_not_translated)
{
	int heard = queued_port(AF_INET);
	struct child c;

	NOT_SUPERVISED(SUPERVISED_HAS_HIGH_NUMBERS);
	child_ready(&c, "reused");
	pass(&c, heard, "served again");
	child_ends_well(&c);
}

Test(descriptors, a_signal_handler_may_read_and_decide)
{
	int heard = queued_port(AF_INET);
	struct child c;

	NOT_SUPERVISED("it has a malloc of its own, beside that of a static C library");
	child_ready(&c, "signals", "500");
	for (int i = 0; i < 500; i++) {
		udp_say(AF_INET, HEARD, "in a handler");
		udp_expect(heard, "in a handler");
	}
	child_ends_well(&c);
}

/* The program must print the same with and without the library. */
static void compare(const char *word)
{
	static struct child without, with;
	size_t at = 0, line = 0;

	network_enter();
	child_start(&without, NULL, "others", word, NULL);
	cr_assert(child_end(&without) == 0, "%s", without.text);
	cr_assert(without.len > 10000);
	child_start(&with, PRELOAD, "others", word, NULL);
	cr_assert(child_end(&with) == 0, "%s", with.text);
	for (; with.text[at] && with.text[at] == without.text[at]; at++)
		if (with.text[at] == '\n')
			line = at + 1;
	cr_assert(with.text[at] == without.text[at], "%.*s with, %.*s without",
		  (int)strcspn(with.text + line, "\n"), with.text + line,
		  (int)strcspn(without.text + line, "\n"), without.text + line);
}

Test(descriptors, foreign_descriptors_give_the_same_results_and_errors_as_without)
{
	compare(NULL);
}

Test(descriptors, foreign_descriptors_whose_numbers_were_ours_give_the_same_results)
{
	NOT_SUPERVISED(SUPERVISED_HAS_HIGH_NUMBERS);
	compare("remembered");
}
