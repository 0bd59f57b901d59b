/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instances of a program (ipq-run --instances) as one job of a shell: signals, and
 * keys on a terminal, reach each of them once, and they stop and continue together. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "process.h"
#include "two.h"

TestSuite(jobs, .init = two_forget_settings, .timeout = 60);

static bool is_stopped(pid_t pid)
{
	char state;

	two_look_at(pid, &state);
	return state == 'T';
}

/* Waits until both instances and ipq-run are stopped, or continue. */
static void all_become(const struct two *t, bool stopped)
{
	pid_t pid[3] = { t->pid[0], t->pid[1], two_ipq_run(t) };

	for (int i = 0; i < 3; i++)
		for (int ms = 0; is_stopped(pid[i]) != stopped; ms++) {
			cr_assert(ms < DEADLINE, "process %d of 3: %d", i + 1, !stopped);
			usleep(1000);
		}
}

Test(jobs, signals_are_passed_on_to_each)
{
	static const struct {
		int number;
		const char *name;
	} rows[] = {
		{ SIGHUP, "HUP" }, { SIGINT, "INT" }, { SIGQUIT, "QUIT" },
		{ SIGUSR1, "USR1" }, { SIGUSR2, "USR2" }, { SIGWINCH, "WINCH" },
	};
	struct two t;

	two_start(&t, "told", NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert(!kill(t.c.pid, rows[i].number));
		two_say(&t, rows[i].name);
	}
	two_end(&t, t.c.pid);
	child_ends_well(&t.c);
}

/* As a shell ignores signals for background jobs. The program may handle them. */
Test(jobs, signals_ignored_by_whoever_started_them_make_no_difference)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGCHLD };
	struct two t;

	for (int i = 0; i < 3; i++)
		signal(ignored[i], SIG_IGN);
	two_start(&t, "told", NULL);
	for (int i = 0; i < 3; i++)
		signal(ignored[i], SIG_DFL);
	cr_assert(!kill(t.c.pid, SIGHUP));
	two_say(&t, "HUP");
	cr_assert(!kill(t.c.pid, SIGINT));
	two_say(&t, "INT");
	two_end(&t, t.c.pid);
	child_ends_well(&t.c);
}

static int open_terminal(int flags)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | flags);

	cr_assert(master >= 0 && !grantpt(master) && !unlockpt(master));
	return master;
}

/* Runs a command in a new session whose terminal, also its standard input, is this one.
 * In the command, %s stands for ipq-run with its arguments. */
static void start_on(int master, struct two *t, const char *format)
{
	char words[8192], command[10000], line[12000], path[64];

	cr_assert(!ptsname_r(master, path, sizeof(path)));
	snprintf(words, sizeof(words), "%s -q 3 -i 2 %s", IPQ_RUN, two_program("told"));
	snprintf(command, sizeof(command), format, words);
	snprintf(line, sizeof(line), "exec setsid -c %s <%s", command, path);
	child_start(&t->c, NULL, "/bin/sh", "-c", line, NULL);
	two_say_rules(t);
}

static void type(int master, const char *key)
{
	cr_assert(write(master, key, strlen(key)) == (ssize_t)strlen(key));
}

Test(jobs, a_key_on_the_terminal_signals_each_once)
{
	int master = open_terminal(O_CLOEXEC);
	struct two t;

	start_on(master, &t, "%s");
	two_get_ready(&t);
	/* ipq-run itself gets the signals only after the instances have */
	cr_assert(!kill(t.c.pid, SIGSTOP));
	type(master, "\003");
	two_say(&t, "INT");
	type(master, "\034");
	two_say(&t, "QUIT");
	cr_assert(!kill(t.c.pid, SIGCONT));
	two_end(&t, t.c.pid);
	child_ends_well(&t.c);
}

Test(jobs, a_shell_stops_and_continues_them_as_one_job)
{
	int master = open_terminal(O_CLOEXEC);
	struct two t;

	start_on(master, &t, "sh -mc '%s; echo status $?; read go; fg >/dev/null; "
		 "echo status $?'");
	two_get_ready(&t);
	type(master, "\032");
	child_says(&t.c, "status 148");
	all_become(&t, true);
	type(master, "\n");
	all_become(&t, false);
	two_end(&t, two_ipq_run(&t));
	child_says(&t.c, "status 0");
	child_ends_well(&t.c);
}

Test(jobs, stopping_and_continuing_ipq_run_does_so_to_all)
{
	int master = open_terminal(O_CLOEXEC);
	struct two t;

	start_on(master, &t, "sh -mc '%s; echo status $?; read go; fg >/dev/null'");
	two_get_ready(&t);
	cr_assert(!kill(two_ipq_run(&t), SIGTSTP));
	child_says(&t.c, "status 148");
	all_become(&t, true);
	cr_assert(!kill(two_ipq_run(&t), SIGCONT));
	all_become(&t, false);
	type(master, "\n");
	two_end(&t, two_ipq_run(&t));
	child_ends_well(&t.c);
}

/* It would remain stopped for ever. */
Test(jobs, none_stops_where_nobody_is_to_continue_it)
{
	int master = open_terminal(O_CLOEXEC);
	struct two t;

	start_on(master, &t, "%s");
	two_get_ready(&t);
	cr_assert(!kill(t.c.pid, SIGTSTP));
	type(master, "\032\003");
	two_say(&t, "INT");
	two_end(&t, t.c.pid);
	child_ends_well(&t.c);
}

/* The kernel signals only the leader of the session, which is ipq-run here. */
Test(jobs, the_end_of_the_terminal_they_began_on_signals_each_once)
{
	int master = open_terminal(O_CLOEXEC);
	struct two t;

	start_on(master, &t, "%s");
	two_get_ready(&t);
	close(master);
	two_say(&t, "HUP");
	two_end(&t, two_ipq_run(&t));
	child_ends_well(&t.c);
}

/* The kernel signals the shell, which ends and signals its jobs. */
Test(jobs, the_end_of_a_shells_terminal_signals_each_once)
{
	int master = open_terminal(O_CLOEXEC);
	struct two t;

	start_on(master, &t, "sh -mc '%s; echo never'");
	two_get_ready(&t);
	close(master);
	two_say(&t, "HUP");
	two_end(&t, two_ipq_run(&t));
	child_end(&t.c);
	cr_assert_str_eq(t.c.text, "");
}

Test(jobs, a_key_pressed_while_they_start_signals_those_not_yet_there_too)
{
	int master = open_terminal(0);
	char format[8192];
	struct two t;

	snprintf(format, sizeof(format), "env TERMINAL=%d KEY=%d LD_PRELOAD=%s %%s",
		 master, SIGINT, given("HINDERED_BY"));
	start_on(master, &t, format);
	for (int i = 0; i < 2; i++)
		assert_says(child_line(&t.c), "killed by SIGINT");
	cr_assert(child_end(&t.c) == 128 + SIGINT);
	cr_assert_str_empty(t.c.text);
}

Test(jobs, a_key_that_stops_pressed_while_they_start_stops_them_until_continued)
{
	int master = open_terminal(0);
	char format[8192];
	struct two t;

	snprintf(format, sizeof(format), "sh -mc 'env TERMINAL=%d KEY=%d LD_PRELOAD=%s "
		 "%%s; echo status $?; read go; fg >/dev/null; echo status $?'", master,
		 SIGTSTP, given("HINDERED_BY"));
	start_on(master, &t, format);
	child_says(&t.c, "status 148");
	type(master, "\n");
	two_get_ready(&t);
	two_end(&t, two_ipq_run(&t));
	child_says(&t.c, "status 0");
	child_ends_well(&t.c);
}
