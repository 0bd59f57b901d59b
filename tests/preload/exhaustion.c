/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each call to the C library fails in turn, in programs with the library and in the
 * commands that run them. The result must be the documented error, or the same as
 * without the failure. */
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "process.h"

/* Far more calls than a command makes. */
#define CALLS_MAX 60

static char place[] = "/tmp/libipq-exhaustion-XXXXXX";
static char said[8192];

static void make_place(void)
{
	cr_assert(mkdtemp(place));
	unsetenv("LD_PRELOAD");
	unsetenv("LD_LIBRARY_PATH");
	unsetenv("LIBIPQ_QUEUE");
	unsetenv("LIBIPQ_QUEUE6");
}

static void remove_place(void)
{
	run("rm -rf %s", place);
}

TestSuite(exhaustion, .init = make_place, .fini = remove_place, .timeout = 60);

Test(exhaustion, a_program_is_served_or_told_the_error_and_nothing_is_lost)
{
	int opened, sent, received;
	struct child c;

	network_enter();
	child_start(&c, PRELOAD, "exhausted", NULL);
	cr_assert(sscanf(child_line(&c), "%d %d %d", &opened, &sent, &received) == 3);
	child_ends_well(&c);
	/* opening: socket, bind and connect; sending and receiving: memory, and
	 * the call itself */
	cr_assert(opened >= 3, "%d", opened);
	cr_assert(sent == 2, "%d", sent);
	cr_assert(received >= 2, "%d", received);
}

/* Runs a shell command, with each call failing in turn in the program that it runs with
 * "env $WITH". The command must print this text and end with status 0; or print the
 * reason and end with status or "other". Returns how often it did the latter. */
static int attempt_all(const char *command, const char *text, int status, int other)
{
	int failures = 0;
	char with[512];

	for (int n = 1; n <= CALLS_MAX; n++) {
		int got;

		snprintf(with, sizeof(with), "FAILING=%d LD_PRELOAD=%s", n,
			 given("INJECT"));
		setenv("WITH", with, 1);
		got = run_output(said, sizeof(said), "%s", command);
		if (got == 0) {
			cr_assert_str_eq(said, text, "call %d: \"%s\"", n, said);
			continue;
		}
		cr_assert(got == status || got == other, "call %d: status %d: %s", n, got,
			  said);
		assert_says(said, ": Cannot allocate memory\n");
		failures++;
	}
	return failures;
}

Test(exhaustion, ipq_run_passes_everything_on_or_says_why_not)
{
	char command[512], text[512];
	int failures;

	snprintf(command, sizeof(command), "env $WITH %s -q 3 -6 4 -f -b 5 sh -c 'echo "
		 "${LD_PRELOAD%%%%:*},$LIBIPQ_QUEUE,$LIBIPQ_QUEUE6,$LIBIPQ_FAIL_OPEN,"
		 "$LIBIPQ_BATCH,${PATH%%%%:*}'", given("IPQ_RUN"));
	snprintf(text, sizeof(text), "%s,3,4,1,5,%s/wrappers\n", PRELOAD,
		 dirname(strcpy(said, given("IPQ_RUN"))));
	failures = attempt_all(command, text, 125, 125);
	/* four settings; and two variables whose values are put together */
	cr_assert(failures >= 8, "%d", failures);
}

Test(exhaustion, all_of_several_instances_begin_or_ipq_run_says_why_not)
{
	char command[512];
	int failures;

	snprintf(command, sizeof(command), "env $WITH %s -n -q 3 -i 2 sh -c 'echo begun "
		 "$LIBIPQ_QUEUE of $IPQ_RUN_BALANCE' > %s/said 2>&1; status=$?; "
		 "grep -v '^ipq-run: rule\\|^ipq-run: instance' %s/said | sort; "
		 "exit $status", given("IPQ_RUN"), place, place);
	failures = attempt_all(command, "begun 3 of 3:4\nbegun 4 of 3:4\n", 125, 126);
	/* memory, the pipe and each process */
	cr_assert(failures >= 8, "%d", failures);
}

/* ipq-run is executed by a descriptor, without a path. */
Test(exhaustion, without_proc_and_a_name_ipq_run_does_not_know_where_it_is_and_says_so)
{
	setenv("CODE", "import os, sys; os.execve(os.open(sys.argv[1], 0), ['ipq-run', 'true'], "
	       "os.environ)", 1);
	cr_assert(run_output(said, sizeof(said), "unshare -m sh -c 'mount -t tmpfs none /proc && "
			     "exec \"$0\" -c \"$CODE\" \"$1\"' %s %s", given("PYTHON"),
			     given("IPQ_RUN")) == 125, "%s", said);
	cr_assert_str_eq(said, "ipq-run: /proc/self/exe: No such file or directory\n");
}

/* Makes a replacement for the real command. */
static void make_command(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", place);
	setenv("PATH", path, 1);
	run("cd %s && cat > iptables <<'end'\n"
	    "#!/bin/sh\n"
	    "echo with \"$@\"\n"
	    "case $0 in *-restore) cat; esac\n"
	    "end\n"
	    "chmod +x iptables && ln -s iptables iptables-restore", place);
}

Test(exhaustion, a_wrapper_runs_the_real_command_with_its_words_or_says_why_not)
{
	char command[512];
	int failures;

	make_command();
	snprintf(command, sizeof(command), "env $WITH %s/wrappers/iptables -j QUEUE",
		 dirname(strcpy(said, given("IPQ_RUN"))));
	failures = attempt_all(command, "with -j NFQUEUE --queue-num 0\n", 1, 1);
	/* memory: for a new PATH, for setting it, and for copies of the arguments */
	cr_assert(failures >= 3, "%d", failures);
}

Test(exhaustion, a_wrapper_gives_the_real_command_all_rules_or_says_why_not)
{
	char command[512];
	int failures;

	make_command();
	snprintf(command, sizeof(command), "echo -A x -j QUEUE | "
		 "env $WITH %s/wrappers/iptables-restore -n",
		 dirname(strcpy(said, given("IPQ_RUN"))));
	failures = attempt_all(command, "with -n\n-A x -j NFQUEUE --queue-num 0\n", 1,
			       128 + SIGTERM);
	/* memory, the pipe, and duplicating its end */
	cr_assert(failures >= 7, "%d", failures);
}
