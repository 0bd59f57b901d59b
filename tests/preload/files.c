/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of the module as scripts and programs find them under ipq-run:
 * /proc/net/ip_queue and ip6_queue, and the sysctls ip_queue_maxlen and
 * ip6_queue_maxlen (FACTS 7). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "process.h"
#include "queue.h"

#define IPQ_RUN given("IPQ_RUN")
#define SYSCTL "/proc/sys/net/ipv4/ip_queue_maxlen"
#define SYSCTL6 "/proc/sys/net/ipv6/ip6_queue_maxlen"

static char said[8192];

/* A new network namespace has values of its own, which nobody has written to. */
static void enter(void)
{
	unsetenv("LD_PRELOAD");
	unsetenv("LIBIPQ_MAXLEN");
	unsetenv("LIBIPQ_QUEUE");
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	network_enter();
}

TestSuite(files, .init = enter, .timeout = 60);

static const char *program(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", given("PROGRAMS"), name);
	return path;
}

/* Runs a script with the shell, under ipq-run. Its output is in said. */
static int script(const char *shell, const char *text)
{
	setenv("SCRIPT", text, 1);
	/* the last word tells ipq-run, if it supervises, that the files are named */
	return run_output(said, sizeof(said), "%s %s -c \"$SCRIPT\" ip_queue", IPQ_RUN, shell);
}

static void says(const char *shell, const char *text, const char *expected)
{
	script(shell, text);
	cr_assert_str_eq(said, expected, "%s: %s\nsaid \"%s\" and not \"%s\"", shell, text,
			 said, expected);
}

/* A shell may not be installed; or it is statically linked, as busybox may be, so that no
 * library can be in it. */
static bool can_be_served(const char *shell)
{
	return !run_output(said, sizeof(said), "ldd $(command -v $(echo %s | sed 's/ .*//'))",
			   shell);
}

#define IDLE								\
	"Peer PID          : 0\n"					\
	"Copy mode         : 0\n"					\
	"Copy range        : 0\n"					\
	"Queue length      : 0\n"					\
	"Queue max. length : 1024\n"					\
	"Queue dropped     : 0\n"

Test(files, a_queue_that_nobody_has_is_shown_as_the_module_showed_it)
{
	says("sh", "cat /proc/net/ip_queue", IDLE "Netlink dropped   : 0\n");
	says("sh", "cat /proc/net/ip6_queue", IDLE "Netfilter dropped : 0\n");
	says("sh", "grep 'Peer PID' < /proc/net/ip_queue", "Peer PID          : 0\n");
}

/* Paths are followed like the kernel does. */
Test(files, every_name_that_leads_to_a_file_means_it)
{
	static const char *const names[] = {
		"/proc/self/net/ip_queue", "/proc/$$/net/ip_queue", "/proc//net/ip_queue",
		"/proc/net/../net/./ip_queue", "/proc/thread-self/net/ip_queue",
		"/proc/self/root/proc/$$/task/$$/net/ip_queue",
	};
	char text[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "head -n 1 %s", names[i]);
		says("sh", text, "Peer PID          : 0\n");
	}
	says("sh", "cd /proc/net && head -n 1 ip_queue", "Peer PID          : 0\n");
	says("sh", "cd /proc/sys/net && cat ipv4/ip_queue_maxlen ../net/ipv6/ip6_queue_maxlen",
	     "1024\n1024\n");
	/* other paths are not found */
	says("sh", "cd /tmp && cat ip_queue 2> /dev/null; cat /proc/sys/net/ip_queue "
	     "/proc/net/ip_queue_maxlen /proc/sys/net/ipv6/ip_queue_maxlen /proc/ip_queue "
	     "/proc/net/ip_queue/ 2> /dev/null; "
	     "{ echo > /proc/net/ip_queues; } 2> /dev/null || echo none", "none\n");
}

Test(files, what_a_file_is_can_be_asked_in_every_way)
{
	says("sh", "test -e /proc/net/ip_queue && test -f /proc/net/ip6_queue && "
	     "test -r /proc/net/ip_queue && test -w " SYSCTL " && test -e " SYSCTL6
	     " && ! test -d " SYSCTL " && ! test -e /proc/net/ip7_queue && echo yes", "yes\n");
	says("sh", "stat -c '%A %s' /proc/net/ip_queue " SYSCTL, "-r--r--r-- 0\n-rw-r--r-- 0\n");
	says("sh", "ls /proc/net/ip_queue " SYSCTL6, "/proc/net/ip_queue\n" SYSCTL6 "\n");
	says("sh", "ls -l /proc/net/ip_queue /proc/modules | sed 's/ .* / /'",
	     "-r--r--r-- /proc/modules\n-r--r--r-- /proc/net/ip_queue\n");
	/* which insists that what it has opened is what it has asked about */
	says("sh", "for file in /proc/net/ip_queue " SYSCTL " /proc/modules; do "
	     "cp $file /tmp/$$ && cat $file | cmp - /tmp/$$ && rm /tmp/$$ && "
	     "echo same; done", "same\nsame\nsame\n");
	says(given("PYTHON"), "import os; print(os.access('/proc/net/ip_queue', os.R_OK), "
	     "os.path.isfile('" SYSCTL "'), os.stat('/proc/net/ip_queue').st_size)",
	     "True True 0\n");
}

/* Other modules are those that the kernel lists. A kernel without modules
 * has no such file. */
Test(files, modules_are_listed_with_those_of_ip_queue_and_all_others)
{
	char others[sizeof(said)], expected[sizeof(said) + 128];

	run_output(others, sizeof(others), "cat /proc/modules 2> /dev/null");
	snprintf(expected, sizeof(expected), "ip6_queue 16384 0 - Live 0x0000000000000000\n"
		 "ip_queue 16384 0 - Live 0x0000000000000000\n%s", others);
	says("sh", "cat /proc/modules", expected);
	says("sh", "cd /proc/self/net/../.. && cat modules", expected);
	says(given("PYTHON"), "print(end=open('/proc/modules').read())", expected);
	says("sh", "perl -ne print /proc/modules", expected);
	says("sh", "exec < /proc/modules; head -n 1", "ip6_queue 16384 0 - Live "
	     "0x0000000000000000\n");
	says("sh", "test -r /proc/modules && test -f /proc/modules && ! test -d /proc/modules "
	     "&& stat -c '%A %s' /proc/modules", "-r--r--r-- 0\n");
	says("sh", "cat /proc/net/modules /proc/self/modules /proc/sys/modules 2> /dev/null || "
	     "echo none", "none\n");
	says("sh", "cd /tmp && mkdir -p $$ && cd $$ && echo mine > modules && cat modules && "
	     "rm -r ../$$", "mine\n");
}

/* Also on systems without lsmod and without modules. */
Test(files, lsmod_shows_the_modules_as_it_did)
{
	static const char *const scripts[] = {
		"lsmod | grep '^ip_queue  *[0-9][0-9]*  0$' > /dev/null && echo loaded",
		"set -e; PATH=/sbin:/bin; /sbin/lsmod | grep -q '^ip6_queue '; echo loaded",
		"env -i /sbin/lsmod | { read a; read b c; echo ${a%% *} $b; } | "
			"grep -q 'Module ip6_queue' && echo loaded",
		"[ -n \"`lsmod | awk '$1 == \"ip_queue\" { print $2 }'`\" ] && echo loaded",
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		says("sh", scripts[i], "loaded\n");
		says("bash", scripts[i], "loaded\n");
	}
	says("sh", "lsmod | wc -l | tr -d ' ' > /tmp/$$; { cat /proc/modules; echo; } | wc -l | "
	     "tr -d ' ' | cmp - /tmp/$$ && rm /tmp/$$", "");
}

/* A program in C that calls each function that opens a file, or asks about it. */
Test(files, every_function_of_the_c_library_finds_the_files)
{
	struct child c;

	child_start(&c, NULL, IPQ_RUN, program("files"), NULL);
	child_says(&c, "done");
	child_ends_well(&c);
}

/* The value is visible to other programs of the system. */
Test(files, a_value_written_by_one_program_is_read_by_others)
{
	static const char *const writes[][2] = {
		{ "dash", "echo 4096 > " SYSCTL },
		{ "bash", "echo 4096 > " SYSCTL },
		{ "bash", "echo 4096 >| " SYSCTL },
		{ "busybox sh", "echo 4096 > " SYSCTL },
		{ "dash", "printf '4096' > " SYSCTL },
		{ "dash", "cd /proc/sys/net/ipv4; exec 5> ip_queue_maxlen; echo 4096 >&5" },
		{ "sh", "sysctl -q -w net.ipv4.ip_queue_maxlen=4096" },
		{ "sh", "sysctl -q net/ipv4/ip_queue_maxlen=4096" },
		{ "sh", "echo 'net.ipv4.ip_queue_maxlen = 4096' | sysctl -q -p -" },
		{ "sh", "busybox sysctl -w net.ipv4.ip_queue_maxlen=4096 > /dev/null" },
		{ "sh", "echo 4096 | tee " SYSCTL " > /dev/null" },
		{ "sh", "/bin/echo 4096 > " SYSCTL },
		{ "sh", "python3 -c \"open('" SYSCTL "', 'w').write('4096\\n')\"" },
		{ "sh", "perl -e 'open F, \">\", \"" SYSCTL "\"; print F 4096; close F'" },
		{ "sh", "sh -c 'sh -c \"echo 4096 > " SYSCTL "\"'" },
	};

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		if (!can_be_served(writes[i][0]) ||
		    (strstr(writes[i][1], "busybox") && !can_be_served("busybox")))
			continue;
		says("sh", "echo 0 > " SYSCTL "; cat " SYSCTL, "1024\n");
		says(writes[i][0], writes[i][1], "");
		says("sh", "cat " SYSCTL " " SYSCTL6, "4096\n1024\n");
	}
	says("sh", "sysctl -n net.ipv4.ip_queue_maxlen; sysctl net.ipv6.ip6_queue_maxlen",
	     "4096\nnet.ipv6.ip6_queue_maxlen = 1024\n");
	says("sh", "sysctl -q -w net.ipv6.ip6_queue_maxlen=-1; cat " SYSCTL6, "-1\n");
	says("sh", "grep max /proc/net/ip_queue /proc/net/ip6_queue",
	     "/proc/net/ip_queue:Queue max. length : 4096\n"
	     "/proc/net/ip6_queue:Queue max. length : 4294967295\n");
}

Test(files, a_value_that_is_none_is_refused_by_the_write_and_changes_nothing)
{
	static const char *const shells[] = { "dash", "bash", "busybox sh" };
	static const char *const bad[] = { "abc", "99999999999", "4096x" };
	char text[256];

	says("sh", "echo 77 > " SYSCTL, "");
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++) {
			if (!can_be_served(shells[i]))
				continue;
			snprintf(text, sizeof(text), "echo %s > " SYSCTL, bad[j]);
			cr_assert(script(shells[i], text) != 0, "%s: %s", shells[i], text);
			says("sh", "cat " SYSCTL, "77\n");
		}
	says(given("PYTHON"), "import os\n"
	     "try: os.write(os.open('" SYSCTL "', os.O_WRONLY), b'abc')\n"
	     "except OSError as e: print(e.errno)", "22\n");
	says("sh", "sysctl -w net.ipv4.ip_queue_maxlen=abc 2> /dev/null || echo refused; "
	     "cat " SYSCTL, "refused\n77\n");
}

/* The number of packets that wait, and that were dropped since the queue was full. */
static void expect_figures(unsigned int queue, unsigned int waiting, unsigned int dropped)
{
	struct queue_figures figures;

	cr_assert(queue_figures(queue, &figures));
	cr_assert(figures.waiting == waiting && figures.dropped_full == dropped,
		  "%u wait and %u were dropped, and not %u and %u", figures.waiting,
		  figures.dropped_full, waiting, dropped);
}

static void say_words(int n)
{
	while (n--)
		udp_say(AF_INET, HEARD, "word");
}

/* Starts a program that owns the queue and reads nothing. */
static void start_holder(struct child *c, const char *argument)
{
	child_start(c, NULL, IPQ_RUN, program("holds"), argument, NULL);
	child_says(c, "ready");
}

static void add_rule(void)
{
	run("iptables-legacy -A OUTPUT -p udp --dport %d -j NFQUEUE --queue-num 0", HEARD);
}

Test(files, a_value_holds_for_queues_made_later)
{
	struct child c;

	add_rule();
	says("sh", "echo 2 > " SYSCTL, "");
	start_holder(&c, "3");
	say_words(5);
	expect_figures(0, 2, 3);
	says("sh", "sed -n '1s/[0-9]* *$/N/p;2,7p' /proc/net/ip_queue",
	     "Peer PID          : N\nCopy mode         : 1\nCopy range        : 0\n"
	     "Queue length      : 2\nQueue max. length : 2\nQueue dropped     : 3\n"
	     "Netlink dropped   : 0\n");
	child_tell(&c, "end");
	child_ends_well(&c);
}

Test(files, a_value_holds_for_queues_that_programs_have_open)
{
	static const char *const writes[][2] = {
		{ "dash", "echo 2 > " SYSCTL },
		{ "bash", "echo 2 > " SYSCTL },
		{ "bash", "exec 7> " SYSCTL "; echo 2 >&7" },
		{ "busybox sh", "echo 2 > " SYSCTL },
		{ "sh", "sysctl -q -w net.ipv4.ip_queue_maxlen=2" },
		{ "sh", "python3 -c \"print(2, file=open('" SYSCTL "', 'w'))\"" },
		{ "sh", "perl -e 'open F, \">\", \"" SYSCTL "\"; print F 2'" },
	};
	struct child c;

	add_rule();
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		if (!can_be_served(writes[i][0]))
			continue;
		says("sh", "echo 1024 > " SYSCTL, "");
		start_holder(&c, "3");
		say_words(1);
		says(writes[i][0], writes[i][1], "");
		say_words(4);
		expect_figures(0, 2, 3);
		child_tell(&c, "end");
		child_ends_well(&c);
	}
}

Test(files, the_peer_is_the_process_that_has_the_queue_now)
{
	char expected[128];
	struct child c;

	child_start(&c, NULL, IPQ_RUN, program("holds"), "leave", NULL);
	snprintf(expected, sizeof(expected), "Peer PID          : %s\n", child_line(&c));
	child_says(&c, "ready");
	says("sh", "head -n 1 /proc/net/ip_queue", expected);
	child_tell(&c, "end");
	child_ends_well(&c);
}

/* The program that owns the queue writes the sysctl itself. */
Test(files, a_program_may_change_the_length_of_its_own_queue)
{
	struct child c;

	add_rule();
	start_holder(&c, "write");
	say_words(5);
	expect_figures(0, 2, 3);
	child_tell(&c, "end");
	child_ends_well(&c);
}

Test(files, a_length_that_ipq_run_was_given_is_not_changed_by_what_scripts_write)
{
	struct child c;

	add_rule();
	says("sh", "echo 2 > " SYSCTL, "");
	child_start(&c, NULL, IPQ_RUN, "--maxlen", "3", program("holds"), "3", NULL);
	child_says(&c, "ready");
	says("sh", "echo 1 > " SYSCTL, "");
	say_words(5);
	expect_figures(0, 3, 2);
	says("sh", "grep max /proc/net/ip_queue", "Queue max. length : 3\n");
	child_tell(&c, "end");
	child_ends_well(&c);
}

Test(files, only_root_may_write_and_everybody_read)
{
	char user[512];

	snprintf(user, sizeof(user), "%s --reuid=65534 --clear-groups --", given("SETPRIV"));
	if (run_output(said, sizeof(said), "%s %s --version", user, IPQ_RUN))
		cr_skip_test("another user cannot run ipq-run here: %s", said);
	cr_assert(run_output(said, sizeof(said), "%s %s sh -c 'cat " SYSCTL "; "
			     "echo 5 > " SYSCTL "'", user, IPQ_RUN) != 0);
	assert_says(said, "1024\n");
	assert_says(said, "Permission denied");
	says("sh", "cat " SYSCTL, "1024\n");
}

Test(files, a_program_that_is_not_served_sees_what_the_kernel_has)
{
	cr_assert(run_output(said, sizeof(said), "cat /proc/net/ip_queue") != 0);
	cr_assert(run_output(said, sizeof(said), "cat " SYSCTL) != 0);
}
