/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Beginning and end of supervised programs, and of who supervises them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "process.h"
#include "queue.h"

TestSuite(life, .timeout = 60);

static int status_of(const char *script)
{
	struct child c;

	child_start(&c, PRELOAD, "/bin/sh", "-c", script, NULL);
	return child_end(&c);
}

/* The process that ipq-run has started. */
static pid_t program_of(const struct child *c)
{
	char path[64];
	int pid = 0;
	FILE *list;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)c->pid, (int)c->pid);
	list = fopen(path, "r");
	cr_assert(list && fscanf(list, "%d", &pid) == 1);
	fclose(list);
	return pid;
}

/* The queue is free: another program is served by it. */
static void expect_free(int heard)
{
	struct child c;

	child_ready(&c, "stock", "2");
	child_is_served(&c, heard);
}

Test(life, exit_status_and_signal_are_those_of_the_program)
{
	cr_assert(status_of("exit 7") == 7);
	cr_assert(status_of("kill -USR1 $$") == 128 + SIGUSR1);
}

Test(life, ipq_run_stays_until_the_last_process_has_ended)
{
	struct child c;

	child_start(&c, PRELOAD, "/bin/sh", "-c",
		    "exec 3<&0; (read line <&3; echo $line) & exit 3", NULL);
	child_tell(&c, "still here");
	child_says(&c, "still here");
	cr_assert(child_end(&c) == 3);
}

Test(life, signals_are_passed_on)
{
	struct child c;

	queued_port(AF_INET);
	child_ready(&c, "stock", "2");
	kill(c.pid, SIGTERM);
	cr_assert(child_end(&c) == 128 + SIGTERM);
}

Test(life, a_program_that_is_killed_leaves_its_queue)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_ready(&c, "stock", "2");
	kill(program_of(&c), SIGKILL);
	cr_assert(child_end(&c) == 128 + SIGKILL);
	expect_free(heard);
}

/* ipq-run stays, and has no descriptor that keeps the queue. */
Test(life, a_program_that_is_killed_between_its_calls_leaves_its_queue)
{
	struct queue_figures figures;
	char script[4096];
	struct child c;

	queued_port(AF_INET);
	snprintf(script, sizeof(script), "%s/hostile pauses & read line", given("PROGRAMS"));
	child_start(&c, PRELOAD, "/bin/sh", "-c", script, NULL);
	kill(atoi(child_line(&c)), SIGKILL);
	for (int i = 0; i < 5000 && queue_figures(0, &figures); i++)
		usleep(1000);
	cr_assert(!queue_figures(0, &figures));
	child_tell(&c, "enough");
	child_end(&c);
}

Test(life, a_supervisor_that_is_killed_leaves_no_queue_behind)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_ready(&c, "stock", "2");
	kill(c.pid, SIGKILL);
	/* its output ends with the program, which has it too */
	cr_assert(child_end(&c) == 128 + SIGKILL);
	expect_free(heard);
}

Test(life, a_second_supervisor_is_refused_with_the_remedy)
{
	struct child c;

	child_start(&c, PRELOAD, given("SUPERVISOR"), "--supervise", "/bin/true", NULL);
	cr_assert(child_end(&c) == 125);
	cr_assert(strstr(c.text, "is there already; run ipq-run outside"), "%s", c.text);
}

Test(life, a_trace_tells_what_the_program_reads_and_answers)
{
	char path[] = "/tmp/libipq-trace-XXXXXX", text[4096];
	int fd = mkstemp(path), heard = queued_port(AF_INET);
	ssize_t n;

	cr_assert(fd >= 0);
	setenv("LIBIPQ_TRACE", path, 1);
	expect_free(heard);
	unsetenv("LIBIPQ_TRACE");
	n = read(fd, text, sizeof(text) - 1);
	unlink(path);
	cr_assert(n > 0);
	text[n] = '\0';
	assert_says(text, " mode packet, range ");
	assert_says(text, " read OUTPUT in - out lo udp 127.0.0.1:");
	assert_says(text, " verdict accept id 1, after ");
	close(fd);
}
