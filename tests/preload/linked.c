/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs linked to libipq.so.0, whatever of that name is or is not on the
 * system; programs with libipq inside; one in Python. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "queue.h"

/* What meson test makes of it would lead to our own. */
static void forget_library_path(void)
{
	unsetenv("LD_LIBRARY_PATH");
}

TestSuite(linked, .init = forget_library_path, .timeout = 60);

/* Waits until queue 0 is set to a mode: examples do not say so. */
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

	child_start(&c, NULL, "passer", "1", NULL);
	cr_assert(child_end(&c) == 127, "there is one: %s", c.text);
	cr_assert(strstr(c.text, "libipq.so.0: cannot open"));

	serve_examples(heard);
}

Test(linked, programs_are_served_where_the_dead_original_is_installed)
{
	int heard = queued_port(AF_INET);
	struct child c;

	setenv("LD_LIBRARY_PATH", given("DEAD"), 1);
	child_start(&c, NULL, "passer", "1", NULL);
	cr_assert(child_end(&c) == 1, "it is not the dead one: %s", c.text);
	cr_assert(strstr(c.text, "the dead original: Protocol not supported"));

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
