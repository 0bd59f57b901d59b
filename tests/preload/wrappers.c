/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wrappers that ipq-run runs instead of the commands by which programs have
 * packets queued. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "failing.h"
#include "network.h"
#include "place.h"
#include "process.h"

/* Makes replacements for the real commands: each prints its name, its arguments and, for
 * the -restore commands, its input. */
static void begin(void)
{
	char path[4096];

	make_place();
	cr_assert(!chdir(place));
	run("cat > iptables <<'end'\n"
	    "#!/bin/sh\n"
	    "printf '%%s' \"${0##*/}\"\n"
	    "[ $# = 0 ] || printf ' [%%s]' \"$@\"\n"
	    "echo\n"
	    "case $0 in *-restore) cat ;; esac\n"
	    "exit ${STATUS:-0}\n"
	    "end\n"
	    "chmod +x iptables && for name in ip6tables iptables-legacy iptables-nft "
	    "ip6tables-legacy ip6tables-nft iptables-restore ip6tables-restore "
	    "iptables-legacy-restore iptables-nft-restore ip6tables-legacy-restore "
	    "ip6tables-nft-restore iptables-save modprobe; do "
	    "ln -s iptables $name; done");
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", place);
	setenv("PATH", path, 1);
}

TestSuite(wrappers, .init = begin, .fini = remove_place, .timeout = 60);

/* Runs a shell command under ipq-run with the queue numbers 5 and 6. Returns
 * its exit status. */
static int under_ipq_run(const char *command)
{
	setenv("COMMAND", command, 1);
	return run_output(said, sizeof(said), "%s -q 5 -6 6 sh -c \"$COMMAND\"",
			  given("IPQ_RUN"));
}

static void expect(const char *command, const char *text)
{
	int status = under_ipq_run(command);

	cr_assert(status == 0, "%s: status %d: %s", command, status, said);
	cr_assert_str_eq(said, text, "%s makes \"%s\" and not \"%s\"", command, said,
			 text);
}

Test(wrappers, a_jump_to_queue_becomes_one_to_nfqueue_however_it_is_written)
{
	static const struct {
		const char *jump, *option;
	} rows[] = {
		{ "-j QUEUE", "-j" }, { "--jump QUEUE", "--jump" },
		{ "--jump=QUEUE", "-j" }, { "-jQUEUE", "-j" }, { "--j QUEUE", "--j" },
		{ "--jum=QUEUE", "-j" }, { "-fvj QUEUE", "-fvj" },
	};
	char command[128], expected[128];

	for (int i = 0; i < 7; i++) {
		snprintf(command, sizeof(command), "iptables -A OUTPUT %s", rows[i].jump);
		snprintf(expected, sizeof(expected), "iptables [-A] [OUTPUT] [%s] "
			 "[NFQUEUE] [--queue-num] [5]\n", rows[i].option);
		expect(command, expected);
		snprintf(command, sizeof(command), "iptables %s -I INPUT 1 -p udp",
			 rows[i].jump);
		snprintf(expected, sizeof(expected), "iptables [%s] [NFQUEUE] "
			 "[--queue-num] [5] [-I] [INPUT] [1] [-p] [udp]\n", rows[i].option);
		expect(command, expected);
	}
}

/* Of before iptables 1.4.3, with a jump to QUEUE or to another target. */
Test(wrappers, old_negations_go_before_their_options)
{
	expect("iptables -A INPUT -s ! 10.0.0.0/8 -p tcp --dport ! 80 -j QUEUE",
	       "iptables [-A] [INPUT] [!] [-s] [10.0.0.0/8] [-p] [tcp] [!] [--dport] [80] "
	       "[-j] [NFQUEUE] [--queue-num] [5]\n");
	expect("ip6tables -I INPUT 1 -d! ::1 --source=! fe80::/10 -j ACCEPT",
	       "ip6tables [-I] [INPUT] [1] [!] [-d] [::1] [!] [--source] [fe80::/10] [-j] "
	       "[ACCEPT]\n");
	expect("iptables -A INPUT ! -s 10.0.0.1 -p tcp ! --syn --string ! x -m mport",
	       "iptables [-A] [INPUT] [!] [-s] [10.0.0.1] [-p] [tcp] [!] [--syn] [--algo] "
	       "[bm] [!] [--string] [x] [-m] [multiport]\n");
	expect("printf '*filter\\n-A INPUT -i ! lo -j QUEUE\\n-A INPUT -p ! tcp -j DROP\\n"
	       "COMMIT\\n' | iptables-restore",
	       "iptables-restore\n*filter\n-A INPUT ! -i lo -j NFQUEUE --queue-num 5\n"
	       "-A INPUT ! -p tcp -j DROP\nCOMMIT\n");
}

Test(wrappers, the_program_itself_may_be_one_of_them)
{
	cr_assert(!run_output(said, sizeof(said), "%s -q 3 iptables -A INPUT -j QUEUE",
			      given("IPQ_RUN")));
	cr_assert_str_eq(said, "iptables [-A] [INPUT] [-j] [NFQUEUE] [--queue-num] [3]\n");
	cr_assert(!run_output(said, sizeof(said), "%s -n iptables -A INPUT -j QUEUE",
			      given("IPQ_RUN")));
	cr_assert_str_eq(said, "iptables [-A] [INPUT] [-j] [QUEUE]\n");
	cr_assert(!run_output(said, sizeof(said), "%s modprobe ip_queue",
			      given("IPQ_RUN")));
	cr_assert_str_eq(said, "");
}

Test(wrappers, every_command_has_the_number_of_its_family)
{
	static const struct {
		const char *name;
		int queue;
	} rows[] = {
		{ "iptables", 5 }, { "iptables-legacy", 5 }, { "iptables-nft", 5 },
		{ "ip6tables", 6 }, { "ip6tables-legacy", 6 }, { "ip6tables-nft", 6 },
	};
	char command[128], expected[128];

	for (int i = 0; i < 6; i++) {
		snprintf(command, sizeof(command), "%s -j QUEUE", rows[i].name);
		snprintf(expected, sizeof(expected),
			 "%s [-j] [NFQUEUE] [--queue-num] [%d]\n", rows[i].name,
			 rows[i].queue);
		expect(command, expected);
		snprintf(command, sizeof(command), "echo -A x -j QUEUE | %s-restore -n",
			 rows[i].name);
		snprintf(expected, sizeof(expected), "%s-restore [-n]\n"
			 "-A x -j NFQUEUE --queue-num %d\n", rows[i].name, rows[i].queue);
		expect(command, expected);
	}
}

Test(wrappers, ipv6_has_the_number_of_ipv4_unless_told)
{
	setenv("COMMAND", "ip6tables -j QUEUE", 1);
	cr_assert(!run_output(said, sizeof(said), "%s -q 9 sh -c \"$COMMAND\"",
			      given("IPQ_RUN")));
	cr_assert_str_eq(said, "ip6tables [-j] [NFQUEUE] [--queue-num] [9]\n");
	cr_assert(!run_output(said, sizeof(said), "%s sh -c \"$COMMAND\"",
			      given("IPQ_RUN")));
	cr_assert_str_eq(said, "ip6tables [-j] [NFQUEUE] [--queue-num] [0]\n");
}

Test(wrappers, everything_else_passes_through_as_it_is)
{
	static const char *const rows[][2] = {
		{ "iptables", "iptables\n" },
		{ "iptables -L -n -v", "iptables [-L] [-n] [-v]\n" },
		{ "iptables -S", "iptables [-S]\n" },
		{ "iptables -t mangle -F", "iptables [-t] [mangle] [-F]\n" },
		{ "iptables -N QUEUE", "iptables [-N] [QUEUE]\n" },
		{ "iptables -A QUEUE -j ACCEPT",
		  "iptables [-A] [QUEUE] [-j] [ACCEPT]\n" },
		{ "iptables -A x -g QUEUE", "iptables [-A] [x] [-g] [QUEUE]\n" },
		{ "iptables -A x -j QUEUES", "iptables [-A] [x] [-j] [QUEUES]\n" },
		{ "iptables -A x -j NFQUEUE --queue-num 3",
		  "iptables [-A] [x] [-j] [NFQUEUE] [--queue-num] [3]\n" },
		{ "iptables -A x -m comment --comment 'to -j QUEUE it' -j DROP",
		  "iptables [-A] [x] [-m] [comment] [--comment] [to -j QUEUE it] [-j] "
		  "[DROP]\n" },
		{ "iptables -A x -m comment --comment -jQUEUE -j DROP",
		  "iptables [-A] [x] [-m] [comment] [--comment] [-jQUEUE] [-j] [DROP]\n" },
		{ "iptables -A x -j", "iptables [-A] [x] [-j]\n" },
		{ "iptables '' ' ' '*' '$HOME' '\\n' \"it's\" '\"'",
		  "iptables [] [ ] [*] [$HOME] [\\n] [it's] [\"]\n" },
		{ "iptables-save -t filter", "iptables-save [-t] [filter]\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(rows[i][0], rows[i][1]);
}

Test(wrappers, the_exit_status_is_that_of_the_real_command)
{
	setenv("STATUS", "3", 1);
	cr_assert(under_ipq_run("iptables -j QUEUE") == 3);
	cr_assert(under_ipq_run("iptables-restore < /dev/null") == 3);
	cr_assert(under_ipq_run("modprobe other") == 3);
}

/* The wrapper must become the real command, so that signals reach that. */
Test(wrappers, the_wrapper_becomes_the_real_command)
{
	run("printf '#!/bin/sh\\necho $$ $PATH; kill -9 $$' > iptables");
	for (int restores = 0; restores < 2; restores++) {
		char expected[4200];
		int pid, n = 0;

		cr_assert(under_ipq_run(restores ? "sh -c 'echo $$; exec iptables-restore "
					"/dev/null'; exit $?" :
					"sh -c 'echo $$; exec iptables -L'; exit $?") ==
			  128 + 9);
		cr_assert(sscanf(said, "%d\n%n", &pid, &n) == 1 && n, "%s", said);
		snprintf(expected, sizeof(expected), "%d %s:/usr/sbin:/sbin\n", pid,
			 getenv("PATH"));
		cr_assert(!strncmp(said + n, expected, strlen(expected)), "%s", said);
	}
}

/* However its directory is written in PATH, and however often it is there. */
Test(wrappers, a_wrapper_does_not_take_itself_for_the_real_command)
{
	static const char *const commands[][2] = {
		{ "iptables -j QUEUE", "iptables [-j] [NFQUEUE] [--queue-num] [5]\n" },
		{ "modprobe -v dummy", "modprobe [-v] [dummy]\n" },
	};
	static const char *const paths[] = {
		"$OWN/:$OWN", "$OWN/../wrappers::$OWN", "$PWD/link", ".:$OWN", ":link",
	};
	char command[256];

	setenv("OWN", strcat(dirname(strcpy(said, given("IPQ_RUN"))), "/wrappers"), 1);
	run("ln -s $OWN link");
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 5; j++) {
			snprintf(command, sizeof(command), "%sPATH=%s:$PATH %s",
				 paths[j][0] == '.' || paths[j][0] == ':' ? "cd link; " : "",
				 paths[j], commands[i][0]);
			expect(command, commands[i][1]);
		}
}

Test(wrappers, a_command_that_is_not_there_is_not_found)
{
	/* by a name that no system has */
	run("ln -s $(dirname %s)/iptables ip6tables-none", given("IPQ_RUN"));
	cr_assert(under_ipq_run("PATH=$PWD:/nowhere ip6tables-none -L") == 127);
	cr_assert_str_eq(said, "ip6tables-none: not found (looked for by ipq-run's "
			 "ip6tables-none in /nowhere:/usr/sbin:/sbin)\n");
}

/* Start scripts may begin without PATH. */
Test(wrappers, without_a_path_the_usual_places_are_looked_at)
{
	static const char *const paths[] = { "env -u PATH", "env PATH=" };
	char command[128];

	run("ln -s $(dirname %s)/iptables ip6tables-none", given("IPQ_RUN"));
	for (int i = 0; i < 2; i++) {
		snprintf(command, sizeof(command), "%s ./ip6tables-none -L", paths[i]);
		cr_assert(under_ipq_run(command) == 127, "%s", said);
		assert_says(said, "in /usr/sbin:/usr/bin:/sbin:/bin:/usr/sbin:/sbin)");
	}
}

Test(wrappers, a_place_with_a_name_too_long_is_passed_over)
{
	expect("PATH=$(printf '/%05000d' 0):$PATH iptables -L", "iptables [-L]\n");
}

Test(wrappers, a_wrapper_says_which_command_cannot_be_run)
{
	run("ln -s $(dirname %s)/iptables own && "
	    "mkdir further && touch further/own", given("IPQ_RUN"));
	cr_assert(under_ipq_run("PATH=$PWD:$PWD/further own -L") == 126, "%s", said);
	cr_assert_str_eq(said, "own: exec: Permission denied\n");
}

/* ipq-run sets these variables for its options. */
static void expect_with(const char *setting, const char *command, const char *text)
{
	setenv("COMMAND", command, 1);
	cr_assert(!run_output(said, sizeof(said), "export %s; %s sh -c \"$COMMAND\"",
			      setting, given("IPQ_RUN")), "%s", said);
	cr_assert_str_eq(said, text, "%s: %s makes \"%s\"", setting, command, said);
}

#define BALANCE(name, numbers)						\
	name " [-j] [NFQUEUE] [--queue-balance] [" numbers "]\n"

Test(wrappers, several_queue_numbers_are_balanced_between)
{
	unsetenv("LIBIPQ_QUEUE");
	unsetenv("LIBIPQ_QUEUE6");
	expect_with("LIBIPQ_QUEUE=4-7", "iptables -j QUEUE", BALANCE("iptables", "4:7"));
	expect_with("LIBIPQ_QUEUE=4-7", "ip6tables -j QUEUE", BALANCE("ip6tables", "4:7"));
	expect_with("LIBIPQ_QUEUE6=8-9", "ip6tables -j QUEUE", BALANCE("ip6tables", "8:9"));
	expect_with("LIBIPQ_QUEUE6=8-9", "iptables -j QUEUE",
		    "iptables [-j] [NFQUEUE] [--queue-num] [0]\n");
	expect_with("LIBIPQ_QUEUE=4-7", "echo -j QUEUE | iptables-restore",
		    "iptables-restore\n-j NFQUEUE --queue-balance 4:7\n");
}

/* Each instance has one number, and a rule is for all of them. */
Test(wrappers, a_rule_is_for_all_instances_of_the_program)
{
	expect_with("LIBIPQ_QUEUE=4 IPQ_RUN_BALANCE=4:6 IPQ_RUN_BALANCE6=5:7",
		    "iptables -j QUEUE", BALANCE("iptables", "4:6"));
	expect_with("LIBIPQ_QUEUE6=5 IPQ_RUN_BALANCE=4:6 IPQ_RUN_BALANCE6=5:7",
		    "ip6tables -j QUEUE", BALANCE("ip6tables", "5:7"));
}

Test(wrappers, a_setting_that_makes_no_sense_is_named)
{
	static const char *const rows[][3] = {
		{ "LIBIPQ_QUEUE=x", "iptables -L", "iptables: LIBIPQ_QUEUE: " },
		{ "LIBIPQ_QUEUE=7-4", "ip6tables -j QUEUE", "ip6tables: LIBIPQ_QUEUE: " },
		{ "LIBIPQ_QUEUE=", "iptables-restore < /dev/null",
		  "iptables-restore: LIBIPQ_QUEUE: " },
		{ "LIBIPQ_QUEUE6=65536", "ip6tables-nft-restore < /dev/null",
		  "ip6tables-nft-restore: LIBIPQ_QUEUE6: " },
	};

	unsetenv("LIBIPQ_QUEUE");
	unsetenv("LIBIPQ_QUEUE6");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert(run_output(said, sizeof(said), "%s %s sh -c '%s'", rows[i][0],
				     given("IPQ_RUN"), rows[i][1]) == 2, "%s", said);
		assert_one_line(said);
		assert_says(said, rows[i][2]);
		assert_says(said, "a queue number, 0 to 65535");
	}
}

#define RULES								\
	"*filter\n"							\
	":INPUT ACCEPT [0:0]\n"						\
	":QUEUE - [0:0]\n"						\
	"-A INPUT -p udp %s\n"						\
	"-A INPUT %s -m mark --mark 1\n"				\
	"-A QUEUE -j ACCEPT\n"						\
	"-A INPUT -m comment --comment \"a -j QUEUE b\" -j DROP\n"	\
	"-A INPUT -m comment --comment \"a \\\" -j QUEUE \\\" b\" -j DROP\n" \
	"-A INPUT -m comment --comment -jQUEUES -j QUEUES\n"		\
	"-A INPUT -m comment --comment -jQUEUE -j DROP\n"		\
	"# -j QUEUE\n"							\
	"COMMIT\n"

static void write_rules(const char *name, const char *jump)
{
	FILE *file;

	file = fopen(name, "we");
	cr_assert(file && fprintf(file, RULES, jump, jump) > 0 && !fclose(file));
}

static void expect_restored(const char *command, const char *line)
{
	char expected[2048];

	snprintf(expected, sizeof(expected), "%s\n" RULES, line,
		 "-j NFQUEUE --queue-num 5", "-j NFQUEUE --queue-num 5");
	expect(command, expected);
}

Test(wrappers, rules_to_be_restored_are_changed_the_same_way)
{
	static const char *const jumps[] = { "-j QUEUE", "--jump=QUEUE", "-jQUEUE" };

	for (int i = 0; i < 3; i++) {
		write_rules("rules", jumps[i]);
		expect_restored("iptables-restore < rules", "iptables-restore");
		expect_restored("iptables-restore -n -T filter < rules",
				"iptables-restore [-n] [-T] [filter]");
		expect_restored("iptables-restore rules", "iptables-restore");
		expect_restored("iptables-restore -n -c rules",
				"iptables-restore [-n] [-c]");
		expect_restored("iptables-restore rules -n", "iptables-restore [-n]");
		expect_restored("iptables-restore -- rules", "iptables-restore [--]");
	}
}

Test(wrappers, an_options_value_is_not_taken_for_the_file_to_restore)
{
	write_rules("rules", "-j QUEUE");
	run("echo no > filter && echo no > 5");
	expect_restored("iptables-restore -T filter < rules",
			"iptables-restore [-T] [filter]");
	expect_restored("iptables-restore --table filter rules",
			"iptables-restore [--table] [filter]");
	expect_restored("iptables-restore -w 5 < rules", "iptables-restore [-w] [5]");
	expect_restored("iptables-restore -w rules", "iptables-restore [-w]");
	run("mv 5 no && mv rules 5");
	expect_restored("iptables-restore -w3 5", "iptables-restore [-w3]");
	run("mv 5 rules && mv no 5");
	expect_restored("iptables-restore -w < rules", "iptables-restore [-w]");
	expect_restored("iptables-restore -M /bin/true < rules",
			"iptables-restore [-M] [/bin/true]");
	expect_restored("iptables-restore -nT filter < rules",
			"iptables-restore [-nT] [filter]");
	expect_restored("iptables-restore --tab filter -W 5 < rules",
			"iptables-restore [--tab] [filter] [-W] [5]");
}

Test(wrappers, several_files_are_the_real_commands_to_complain_of)
{
	write_rules("rules", "-j QUEUE");
	expect("iptables-restore -n rules rules < /dev/null",
	       "iptables-restore [-n] [rules] [rules]\n");
}

/* The writer of the rules may wait for the effect of one. */
Test(wrappers, rules_are_given_on_as_they_come)
{
	struct child c;

	child_start(&c, NULL, given("IPQ_RUN"), "-q", "5", "iptables-restore", "-n", NULL);
	child_says(&c, "iptables-restore [-n]");
	for (int i = 0; i < 2; i++) {
		child_tell(&c, "-A x -j QUEUE");
		child_says(&c, "-A x -j NFQUEUE --queue-num 5");
	}
	child_ends_well(&c);
}

/* The process that translates the rules has the other end of the pipe, and must end. */
Test(wrappers, who_writes_rules_learns_that_the_real_command_has_ended)
{
	struct pollfd input = { 0 };
	struct child c;

	run("printf '#!/bin/sh\nhead -n 1; exit 3' > iptables");
	child_start(&c, NULL, given("IPQ_RUN"), "-q", "5", "iptables-restore", NULL);
	child_tell(&c, "-A x -j QUEUE");
	child_says(&c, "-A x -j NFQUEUE --queue-num 5");
	input.fd = c.input;
	cr_assert(poll(&input, 1, DEADLINE) == 1 && input.revents & POLLERR);
	cr_assert(child_end(&c) == 3);
	/* with endless input */
	cr_assert(under_ipq_run("yes -- -j QUEUE | iptables-restore") == 3);
	cr_assert_str_eq(said, "-j NFQUEUE --queue-num 5\n");
}

/* Whether SIGPIPE is ignored or not. */
Test(wrappers, who_writes_rules_learns_that_the_real_command_reads_no_more)
{
	struct pollfd input = { 0 };
	struct child c;

	run("printf '#!/bin/sh\nhead -n 1; exec sleep 60 <&-' > iptables");
	for (int ignored = 0; ignored < 2; ignored++) {
		child_start(&c, NULL, "/bin/sh", "-c", ignored ? "trap '' PIPE; "
			    "exec $IPQ_RUN iptables-restore" :
			    "exec $IPQ_RUN iptables-restore", NULL);
		child_tell(&c, "COMMIT");
		child_says(&c, "COMMIT");
		input.fd = c.input;
		/* the pipe may break at any time */
		signal(SIGPIPE, SIG_IGN);
		while (!poll(&input, 1, 10) && dprintf(c.input, "COMMIT\n") > 0)
			;
		signal(SIGPIPE, SIG_DFL);
		cr_assert(poll(&input, 1, 0) == 1 && input.revents & POLLERR);
		cr_assert(!kill(c.pid, SIGTERM) && child_end(&c) == 128 + SIGTERM);
	}
}

/* As iptables 1.4 waits for modprobe (xtables_insmod). */
Test(wrappers, the_real_command_may_wait_for_any_child_of_its_own)
{
	/* not a shell, which would wait for all children before it executes python */
	run("%s -c 'import sys; print(\"#!\" + sys.executable)' > iptables && "
	    "cat >> iptables <<'end'\n"
	    "import os, sys\n"
	    "sys.stdin.read()\n"
	    "try: print(os.wait())\n"
	    "except ChildProcessError: print('none')\n"
	    "end\n", given("PYTHON"));
	expect("iptables-restore < /dev/null", "none\n");
}

/* A descriptor that the real command closes must not be open elsewhere. */
static void assert_no_descriptor_is_held(void)
{
	struct pollfd fifo = { 0 };
	struct child c;

	run("printf '#!/bin/sh\nexec 9>&-\necho closed\ncat\n' > iptables && mkfifo fifo");
	fifo.fd = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	child_start(&c, NULL, "/bin/sh", "-c", "exec 9> fifo; exec $IPQ_RUN iptables-restore",
		    NULL);
	child_says(&c, "closed");
	cr_assert(poll(&fifo, 1, DEADLINE) == 1 && fifo.revents & POLLHUP);
	child_ends_well(&c);
}

Test(wrappers, no_descriptor_is_held_while_rules_are_awaited)
{
	assert_no_descriptor_is_held();
}

#ifdef SYS_close_range
Test(wrappers, no_descriptor_is_held_either_where_the_kernel_closes_no_ranges)
{
	unsigned int call = SYS_close_range;

	cr_assert(!calls_fail(&call, 1, ENOSYS));
	assert_no_descriptor_is_held();
}
#endif

Test(wrappers, rules_that_cannot_be_read_are_told)
{
	cr_assert(under_ipq_run("iptables-restore .") == 1);
	cr_assert_str_eq(said, "iptables-restore: rules: Is a directory\n");
	cr_assert(under_ipq_run("iptables-restore < .") == 1);
	cr_assert_str_eq(said, "iptables-restore: rules: Is a directory\n");
	cr_assert(under_ipq_run("iptables-restore <&-") == 1);
	cr_assert_str_eq(said, "iptables-restore: rules: Bad file descriptor\n");
	cr_assert(under_ipq_run("exec < /dev/null; ulimit -n 4; iptables-restore") == 1);
	cr_assert_str_eq(said, "iptables-restore: rules: Too many open files\n");
	/* if reading fails later, the real command must not take that for the
	 * end of the rules */
	cr_assert(under_ipq_run("iptables-restore < /proc/self/mem; exit $?") ==
		  128 + SIGTERM);
	assert_says(said, "iptables-restore: rules: Input/output error\n");
}

Test(wrappers, rules_may_be_long_and_end_without_a_newline)
{
	run("printf '#%%020000d\n-j QUEUE' 0 > rules && "
	    "printf '#%%020000d\n-j NFQUEUE --queue-num 5' 0 > expected");
	expect("iptables-restore rules | tail -n +2 | cmp - expected && echo as expected",
	       "as expected\n");
}

/* The wrapper must not read standard input instead, which remains open here. */
Test(wrappers, a_file_that_is_not_there_is_the_real_commands_to_complain_of)
{
	struct child c;

	child_start(&c, NULL, given("IPQ_RUN"), "sh", "-c", "iptables-restore none", NULL);
	child_says(&c, "iptables-restore [none]");
	child_ends_well(&c);
}

/* The same for options that read no rules. */
Test(wrappers, a_question_for_help_reads_no_rules)
{
	static const char *const options[] = { "-h", "--help", "-V", "--version" };
	char command[64], expected[64];
	struct child c;

	for (int i = 0; i < 4; i++) {
		snprintf(command, sizeof(command), "iptables-restore %s", options[i]);
		child_start(&c, NULL, given("IPQ_RUN"), "sh", "-c", command, NULL);
		snprintf(expected, sizeof(expected), "iptables-restore [%s]", options[i]);
		child_says(&c, expected);
		child_ends_well(&c);
	}
}

Test(wrappers, modprobe_has_loaded_ip_queue_already)
{
	static const char *const rows[][2] = {
		{ "modprobe ip_queue", "" },
		{ "modprobe ip6_queue", "" },
		{ "modprobe -q ip_queue", "" },
		{ "modprobe ip_queue && modprobe ip6_queue && echo and on", "and on\n" },
		{ "modprobe iptable_filter", "modprobe [iptable_filter]\n" },
		{ "modprobe -r dummy", "modprobe [-r] [dummy]\n" },
		{ "modprobe dummy numdummies=2", "modprobe [dummy] [numdummies=2]\n" },
		{ "modprobe -a ip_queue dummy", "modprobe [-a] [dummy]\n" },
		{ "modprobe", "modprobe\n" },
		/* the arguments of options are not modules */
		{ "modprobe -C file ip_queue", "" },
		{ "modprobe --dirname dir ip6-queue --conf=file -S 2.4.37", "" },
		{ "modprobe -vd dir -rw 5 --set-version 3.4 ip-queue", "" },
		{ "modprobe -C ip_queue dummy", "modprobe [-C] [ip_queue] [dummy]\n" },
		{ "modprobe -aq -d dir ip_queue dummy ip6_queue vcan",
		  "modprobe [-aq] [-d] [dir] [dummy] [vcan]\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(rows[i][0], rows[i][1]);
}

/* And settings for iptables do not matter. */
Test(wrappers, without_a_path_no_command_is_one_of_this_directory)
{
	static const char *const paths[] = { "env -u PATH", "env PATH=" };
	char command[128];

	run("printf '#!/bin/sh\necho from here\n' > iptables");
	setenv("WRAPPERS", strcat(dirname(strcpy(said, given("IPQ_RUN"))), "/wrappers"), 1);
	for (int i = 0; i < 2; i++) {
		snprintf(command, sizeof(command), "%s $WRAPPERS/modprobe --version; "
			 "LIBIPQ_QUEUE=x %s $WRAPPERS/modprobe ip_queue", paths[i],
			 paths[i]);
		cr_assert(under_ipq_run(command) == 0, "%s", said);
		cr_assert(!strstr(said, "from here"), "%s", said);
	}
}

Test(wrappers, no_iptables_leaves_path_alone)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s\n", getenv("PATH"));
	cr_assert(!run_output(said, sizeof(said), "%s --no-iptables sh -c 'echo $PATH'",
			      given("IPQ_RUN")));
	cr_assert_str_eq(said, path);
	cr_assert(!run_output(said, sizeof(said), "%s -n sh -c 'iptables -j QUEUE'",
			      given("IPQ_RUN")));
	cr_assert_str_eq(said, "iptables [-j] [QUEUE]\n");
	expect("echo $PATH | sed 's/[^:]*:/first:/'",
	       strcat(strcpy(said, "first:"), path));
}

/* The program adds its rule itself, with the system's default iptables. */
Test(wrappers, the_rule_a_program_adds_has_its_packets_queued)
{
	struct child c;
	char stock[512];
	int heard;

	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	network_enter();
	if (run_output(said, sizeof(said), "iptables -A INPUT -j NFQUEUE --queue-num 9"))
		SKIP("iptables: %s", said);
	run("iptables -D INPUT -j NFQUEUE --queue-num 9");
	heard = udp_open(AF_INET, HEARD);
	snprintf(stock, sizeof(stock), "iptables -A OUTPUT -p udp --dport %d -j QUEUE && "
		 "modprobe ip_queue && exec %s/stock 2", HEARD, given("PROGRAMS"));
	child_start(&c, NULL, given("IPQ_RUN"), "-q", "5", "sh", "-c", stock, NULL);
	child_says(&c, "ready");
	child_is_served(&c, heard);
}
