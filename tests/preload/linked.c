/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs linked to libipq.so.0, whether the system has that library, another of that
 * name, or none; programs with libipq inside; one in Python. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "queue.h"

/* As ipq-run does: adds the directory of the preload library, which is the
 * last in LD_PRELOAD. */
static void find_libipq(void)
{
	const char *others = strrchr(PRELOAD, ' ');
	char path[4096];

	snprintf(path, sizeof(path), "%s", others ? others + 1 : PRELOAD);
	*strrchr(path, '/') = '\0';
	setenv("LD_LIBRARY_PATH", path, 1);
	/* detects a function that neither library has, even if it is never called */
	setenv("LD_BIND_NOW", "1", 1);
}

TestSuite(linked, .init = find_libipq, .timeout = 60);

/* Waits until the mode of queue 0 is set: the examples do not print when
 * they are ready. */
static void wait_until_ready(struct child *c)
{
	struct queue_figures f;

	for (int i = 0; i < DEADLINE; i++) {
		if (queue_figures(0, &f) && f.mode != IPQ_COPY_NONE)
			return;
		cr_assert(usleep(1000) == 0);
	}
	cr_assert(false, "%s has set no mode", c->name);
}

static void start_example(struct child *c, const char *name)
{
	child_start(c, PRELOAD, name, "2", NULL);
	wait_until_ready(c);
}

static void serve_examples(int heard)
{
	struct child c;

	start_example(&c, "passer");
	udp_say(AF_INET, HEARD, "one");
	udp_say(AF_INET, HEARD, "two");
	udp_expect(heard, "one");
	udp_expect(heard, "two");
	child_says(&c, "packet 1: hook 3, in '', out 'lo', 31 bytes: passed");
	child_says(&c, "packet 2: hook 3, in '', out 'lo', 31 bytes: passed");
	child_ends_well(&c);

	start_example(&c, "rewriter");
	udp_say(AF_INET, HEARD, "one");
	udp_expect(heard, "ONE");
	udp_say(AF_INET, HEARD, "two");
	udp_expect(heard, "TWO");
	child_says(&c, "packet 1: 3 bytes in capitals");
	child_says(&c, "packet 2: 3 bytes in capitals");
	child_ends_well(&c);

	start_example(&c, "selector");
	udp_say(AF_INET, HEARD, "one");
	udp_say(AF_INET, HEARD, "two");
	udp_expect(heard, "one");
	udp_expect(heard, "two");
	child_says(&c, "packet 1: selected, passed");
	child_says(&c, "packet 2: selected, passed");
	child_ends_well(&c);

	start_example(&c, "threads");
	udp_say(AF_INET, HEARD, "one");
	udp_say(AF_INET, HEARD, "two");
	udp_expect(heard, "one");
	udp_expect(heard, "two");
	child_says(&c, "packet 1: read by one thread, passed by another");
	child_says(&c, "packet 2: read by one thread, passed by another");
	child_ends_well(&c);
}

Test(linked, programs_are_served_where_there_is_no_libipq)
{
	int heard = queued_port(AF_INET);
	struct child c;

	unsetenv("LD_LIBRARY_PATH");
	child_start(&c, NULL, "passer", "1", NULL);
	cr_assert(child_end(&c) == 127, "there is one: %s", c.text);
	cr_assert(strstr(c.text, "libipq.so.0: cannot open"));
	find_libipq();

	serve_examples(heard);
}

Test(linked, programs_are_served_where_the_dead_original_is_installed)
{
	int heard = queued_port(AF_INET);
	struct child c;

	setenv("LD_LIBRARY_PATH", given("DEAD"), 1);
	child_start(&c, NULL, "passer", "1", NULL);
	cr_assert(child_end(&c) == 1, "it is not the dead one: %s", c.text);
	cr_assert(strstr(c.text, "Unable to create netlink socket: Protocol not supported"));

	serve_examples(heard);
}

Test(linked, a_dropper_drops)
{
	int heard = queued_port(AF_INET);
	char text[64];
	struct child c;

	start_example(&c, "dropper");
	udp_say(AF_INET, HEARD, "one");
	udp_say(AF_INET, HEARD, "two");
	child_says(&c, "packet 1: hook 3, in '', out 'lo': dropped");
	child_says(&c, "packet 2: hook 3, in '', out 'lo': dropped");
	child_ends_well(&c);
	cr_assert(udp_hear(heard, text, sizeof(text), 0) == -1);
}

Test(linked, a_program_may_read_the_descriptor_in_its_handle_itself)
{
	static const char *const ways[] = { "peek", "read" };
	int heard = queued_port(AF_INET);
	struct child c;

	for (int i = 0; i < 2; i++) {
		child_ready(&c, "own-reads", ways[i]);
		udp_say(AF_INET, HEARD, "hello");
		udp_expect(heard, "hello");
		child_says(&c, "hello");
		child_ends_well(&c);
	}
}

Test(linked, a_program_with_libipq_inside_is_served)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_ready(&c, "stock", "2");
	child_is_served(&c, heard);
}

Test(linked, a_python_program_with_the_socket_module_is_served)
{
	int heard = queued_port(AF_INET), heard6;
	struct child c;

	run("ip6tables-legacy -A OUTPUT -p udp --dport %d -j QUEUE", HEARD);
	heard6 = udp_open(AF_INET6, HEARD);
	child_ready(&c, given("PYTHON"), given("CLIENT"), "3");
	udp_say(AF_INET, HEARD, "hello");
	udp_expect(heard, "hello");
	child_says(&c, "hook 3, out lo: hello");
	child_says(&c, "refused: No such file or directory");
	child_ends_well(&c);

	child_ready(&c, given("PYTHON"), given("CLIENT"), "13");
	udp_say(AF_INET6, HEARD, "hello");
	udp_expect(heard6, "hello");
	child_says(&c, "hook 3, out lo: hello");
	child_says(&c, "refused: No such file or directory");
	child_ends_well(&c);
}

/* A module that a program loads must call its own functions, even if they are named like
 * libipq's: with ip_queue's protocol of before 2002, when ipq_create_handle had one
 * argument, or with a descriptor instead of a handle. */
Test(linked, a_plugin_with_functions_of_libipqs_names_has_its_own)
{
	int heard = queued_port(AF_INET);
	char plugin[4096];
	struct child c;

	snprintf(plugin, sizeof(plugin), "%s/plugin.so", given("PROGRAMS"));
	child_ready(&c, "plugged", plugin, "2");
	child_is_served(&c, heard);
}

Test(linked, a_program_linked_to_libipq_finds_it_beneath_ipq_run)
{
	int heard = queued_port(AF_INET);
	char path[4096];
	struct child c;

	snprintf(path, sizeof(path), "%s/passer", given("PROGRAMS"));
	unsetenv("LD_LIBRARY_PATH");
	/* run directly; by a script that has libraries of its own; with an old
	 * libipq.so.0 among them */
	for (int i = 0; i < 3; i++) {
		static const char *const commands[] = {
			"exec $0 1", "LD_LIBRARY_PATH=/nowhere exec $0 1",
			"LD_LIBRARY_PATH=$DEAD exec $0 1",
		};

		child_start(&c, NULL, given("IPQ_RUN"), "sh", "-c", commands[i], path, NULL);
		wait_until_ready(&c);
		udp_say(AF_INET, HEARD, "one");
		udp_expect(heard, "one");
		child_says(&c, "packet 1: hook 3, in '', out 'lo', 31 bytes: passed");
		child_ends_well(&c);
	}
}
