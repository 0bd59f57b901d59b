/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs under ipq-run execute: iptables and similar commands, however they are
 * started; and executed programs are served, whatever happens to the environment. With
 * programs of the distribution. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "place.h"
#include "process.h"

/* glibc has execveat since 2.34, musl does not. */
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 34)
#define HAVE_EXECVEAT
#endif
#endif

#define IPQ_RUN given("IPQ_RUN")
#define USUAL_PATH "/usr/sbin:/usr/bin:/sbin:/bin"

/* The system's iptables, of either variant. */
#define IPTABLES "/sbin/iptables"
#define RULE " -A OUTPUT -p udp -j QUEUE"

static void begin(void)
{
	make_place();
	cr_assert(!chdir(place));
	setenv("XTABLES_LOCKFILE", strcat(strcpy(said, place), "/lock"), 1);
}

TestSuite(surroundings, .init = begin, .fini = remove_place, .timeout = 60);

/* Enters a network namespace in which rules can be made. */
static void enter(void)
{
	network_enter();
	if (run_output(said, sizeof(said), IPTABLES " -A OUTPUT -j NFQUEUE --queue-num 9"))
		SKIP("iptables: %s", said);
	run(IPTABLES " -F");
}

/* What becomes of the library in the environment, and of descriptors, supervised programs
 * need not know. */
static void need_library(void)
{
	if (getenv("SUPERVISED"))
		SKIP("supervised programs have no library");
}

static void need(const char *command)
{
	if (run_output(said, sizeof(said), "command -v %s", command))
		SKIP("%s is not installed", command);
}

/* The shell command, under "ipq-run -q 5", must make a rule for queue 5 and no other. */
static void expect_rule(const char *command)
{
	int status;

	setenv("COMMAND", command, 1);
	status = run_output(said, sizeof(said), "%s -q 5 sh -c \"$COMMAND\"", IPQ_RUN);
	cr_assert(status == 0, "%s: status %d: %s", command, status, said);
	cr_assert(!run_output(said, sizeof(said), IPTABLES " -S OUTPUT 2>&1 | grep ^-A"),
		  "%s makes no rule", command);
	cr_assert_str_eq(said, "-A OUTPUT -p udp -j NFQUEUE --queue-num 5\n",
			 "%s makes: %s", command, said);
	run(IPTABLES " -F OUTPUT");
}

Test(surroundings, iptables_is_met_by_whatever_function_it_is_executed)
{
	static const char *const ways[] = {
		"execve", "execv", "execvp", "execvpe", "execl", "execlp", "execle",
		"fexecve", "posix_spawn", "posix_spawnp", "system", "popen", "vfork",
#ifdef HAVE_EXECVEAT
		"execveat", "execveat-in", "execveat-of",
#endif
	};
	char command[512];

	enter();
	/* and it needs nothing from the environment */
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(command, sizeof(command), "%s/executes empty %s " IPTABLES RULE,
			 given("PROGRAMS"), ways[i]);
		expect_rule(command);
	}
}

Test(surroundings, iptables_is_met_by_whatever_name_it_is_executed)
{
	static const char *const commands[] = {
		IPTABLES RULE,
		"/usr" IPTABLES RULE,
		"PATH=" USUAL_PATH "; iptables" RULE,
		"PATH=" USUAL_PATH "; it=$(command -v iptables); $it" RULE,
		"cd /; sbin/iptables" RULE,
		"ln -s " IPTABLES " iptables; ./iptables" RULE,
		"$(readlink -f " IPTABLES ") iptables" RULE,
		"echo '*filter\n" RULE "\nCOMMIT' | /sbin/iptables-restore",
		"cp $(readlink -f " IPTABLES ") xtables-multi; ln -sf xtables-multi iptables;"
			" ./iptables" RULE,
	};

	enter();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		expect_rule(commands[i]);
}

Test(surroundings, iptables_is_met_in_every_language)
{
	char python[512];

	enter();
	expect_rule("dash -c 'PATH=/sbin:/bin; iptables" RULE "'");
	expect_rule("bash -c '/sbin/iptables" RULE "'");
	expect_rule("perl -e 'system(qw(/sbin/iptables" RULE "))'");
	expect_rule("perl -e '%ENV = (); print `/sbin/iptables" RULE "`'");
	snprintf(python, sizeof(python), "%s -c 'import subprocess; "
		 "subprocess.check_call(\"/sbin/iptables" RULE "\".split(), env={})'",
		 given("PYTHON"));
	expect_rule(python);
	snprintf(python, sizeof(python), "%s -c 'import os; "
		 "os.system(\"/sbin/iptables" RULE "\")'", given("PYTHON"));
	expect_rule(python);
	need("make");
	expect_rule("printf 'all:\\n\\t@/sbin/iptables" RULE "\\n' > makefile && make -s");
	if (run_output(said, sizeof(said), "dpkg -s busybox 2> /dev/null"))
		return;		/* the other package's busybox is static */
	expect_rule("busybox sh -c '/sbin/iptables" RULE "'");
}

Test(surroundings, iptables_is_met_where_the_environment_is_emptied)
{
	enter();
	expect_rule("env -i /sbin/iptables" RULE);
	expect_rule("env -i PATH=/sbin:/bin sh -c 'iptables" RULE "'");
	expect_rule("env -i env -i sh -c 'env -i /sbin/iptables" RULE "'");
	need("start-stop-daemon");
	expect_rule("env -i /sbin/start-stop-daemon --start --name no-such-daemon "
		    "--startas /sbin/iptables --" RULE);
}

/* When root runs them, no privilege is gained, and the loader ignores nothing. */
Test(surroundings, what_sudo_and_su_start_is_served)
{
	enter();
	need("sudo");
	if (geteuid() || run_output(said, sizeof(said), "sudo -n true"))
		SKIP("sudo does not work here: %s", said);
	expect_rule("sudo /sbin/iptables" RULE);
	expect_rule("sudo -i /sbin/iptables" RULE);
	if (!run_output(said, sizeof(said), "su -c true"))
		expect_rule("su - -c '/sbin/iptables" RULE "'");
}

/* A script or program of the user's with such a name. */
Test(surroundings, what_merely_has_a_commands_name_is_left_alone)
{
	const char *show = "%s -q 5 sh -c \"./iptables -j QUEUE; ./modprobe ip_queue\"";

	run("printf '#!/bin/sh\necho $0 $*\n' > iptables && chmod +x iptables && "
	    "cp iptables modprobe");
	cr_assert(!run_output(said, sizeof(said), show, IPQ_RUN));
	cr_assert_str_eq(said, "./iptables -j QUEUE\n./modprobe ip_queue\n");
	run("cp /bin/echo iptables && cp /bin/echo modprobe");
	cr_assert(!run_output(said, sizeof(said), show, IPQ_RUN));
	cr_assert_str_eq(said, "-j QUEUE\nip_queue\n");
}

/* It is recognized by the name of the library that rules are made with. */
Test(surroundings, a_command_that_is_a_program_of_its_own_is_met)
{
	run("printf '#include <stdio.h>\nconst char is[] = \"libxtables.so ip_tables\";\n"
	    "int main(int n, char **w) { for (int i = 1; i < n; i++) puts(w[i]); "
	    "return !is[0]; }' > x.c && cc -o iptables x.c && ln -s iptables ipt && "
	    "ln iptables ip6tables-restore");
	cr_assert(!run_output(said, sizeof(said), "%s -q 5 sh -c './iptables -j QUEUE; "
			      "./ipt -j QUEUE'", IPQ_RUN));
	cr_assert_str_eq(said, "-j\nNFQUEUE\n--queue-num\n5\n-j\nNFQUEUE\n--queue-num\n5\n");
	cr_assert(!run_output(said, sizeof(said), "%s -q 5 ./iptables -j QUEUE", IPQ_RUN));
	cr_assert_str_eq(said, "-j\nNFQUEUE\n--queue-num\n5\n");
}

Test(surroundings, no_iptables_leaves_every_command_alone)
{
	enter();
	cr_assert(run_output(said, sizeof(said), "%s -n sh -c '/sbin/iptables -A OUTPUT -j "
			     "QUEUE --none'", IPQ_RUN));
	cr_assert(run_output(said, sizeof(said), "%s -n sh -c '/sbin/modprobe ip_queue'",
			     IPQ_RUN));
}

Test(surroundings, modules_are_there_and_others_are_the_real_commands)
{
	static const char *const there[] = {
		"/sbin/modprobe ip_queue", "/sbin/modprobe -q ip6_queue",
		"/sbin/insmod /lib/modules/2.4.37/kernel/net/ipv4/netfilter/ip_queue.o",
		"/sbin/insmod -f ./ip6_queue.ko", "/sbin/insmod ip_queue", "/sbin/rmmod ip_queue",
		"/sbin/modprobe -r ip_queue", "/sbin/modprobe -a ip_queue ip6_queue",
		"rmmod ip6_queue ip_queue", "insmod ./ip_queue.ko.xz",
		"env -i /sbin/modprobe ip_queue",
	};
	static const char *const others[] = {
		"/sbin/modprobe no_such_module", "/sbin/insmod ./no_such.ko",
		"/sbin/rmmod no_such_module", "/sbin/insmod ./xip_queue.ko",
		"/sbin/modprobe queue", "/sbin/insmod ./ip_queue2.ko",
	};
	char real[512];
	int status;

	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
		cr_assert(!run_output(said, sizeof(said), "%s sh -c '%s'", IPQ_RUN, there[i]),
			  "%s: %s", there[i], said);
		cr_assert_str_eq(said, "", "%s: %s", there[i], said);
	}
	need("/sbin/modprobe");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		status = run_output(real, sizeof(real), "%s", others[i]);
		cr_assert(run_output(said, sizeof(said), "%s sh -c '%s'", IPQ_RUN,
				     others[i]) == status && status, "%s: %s", others[i],
			  said);
		cr_assert_str_eq(said, real);
	}
	need("busybox");
	cr_assert(!run_output(said, sizeof(said), "%s sh -c 'busybox modprobe ip_queue'",
			      IPQ_RUN), "%s", said);
}

/* If a program removes variables but keeps the library in LD_PRELOAD, they
 * are not restored. */
Test(surroundings, an_environment_that_was_not_emptied_is_as_the_program_made_it)
{
	const char *show = "%s -q 5 -m 7 sh -c 'unset LIBIPQ_MAXLEN; LIBIPQ_QUEUE=6 env' | "
			   "grep ^LIBIPQ_ | sort";

	need_library();
	cr_assert(!run_output(said, sizeof(said), show, IPQ_RUN));
	cr_assert_str_eq(said, "LIBIPQ_QUEUE=6\n");
	cr_assert(!run_output(said, sizeof(said), "%s -q 5 -m 7 sh -c 'env -i LIBIPQ_QUEUE=6 "
			      "env' | grep ^LIBIPQ_ | sort", IPQ_RUN));
	cr_assert_str_eq(said, "LIBIPQ_MAXLEN=7\nLIBIPQ_QUEUE=6\n");
	/* nor is PATH, which is not needed */
	cr_assert(!run_output(said, sizeof(said), "%s env -i PATH=/x /usr/bin/env | "
			      "grep ^PATH", IPQ_RUN));
	cr_assert_str_eq(said, "PATH=/x\n");
}

Test(surroundings, a_library_that_a_program_preloads_comes_before_ours)
{
	char expected[8192];

	need_library();
	snprintf(expected, sizeof(expected), "%s/libipq.so.0:%s\n", given("DEAD"), PRELOAD);
	cr_assert(!run_output(said, sizeof(said), "%s sh -c 'LD_PRELOAD=%s/libipq.so.0 env' "
			      "| sed -n s/^LD_PRELOAD=//p", IPQ_RUN, given("DEAD")));
	cr_assert_str_eq(said, expected);
	snprintf(expected, sizeof(expected), "%s\n", PRELOAD);
	cr_assert(!run_output(said, sizeof(said), "%s sh -c 'LD_PRELOAD= env' | "
			      "sed -n s/^LD_PRELOAD=//p", IPQ_RUN));
	cr_assert_str_eq(said, expected);
}

Test(surroundings, no_follow_leaves_an_emptied_environment_empty)
{
	need_library();
	cr_assert(!run_output(said, sizeof(said), "%s --no-follow env -i /usr/bin/env",
			      IPQ_RUN));
	cr_assert_str_eq(said, "");
	cr_assert(!run_output(said, sizeof(said), "%s %s -F env -i /usr/bin/env", IPQ_RUN,
			      IPQ_RUN));
	cr_assert_str_eq(said, "");
}

/* As daemons do to change the title of the process (setproctitle). */
Test(surroundings, what_a_program_writes_over_its_environment_does_not_matter)
{
	enter();
	expect_rule("perl -e '$0 = \"x\" x 2000; %ENV = (); "
		    "exec(qw(/sbin/iptables" RULE "))'");
}

Test(surroundings, a_wrapper_is_not_put_in_its_own_place)
{
	const char *beside = getenv("SUPERVISOR") ? getenv("SUPERVISOR") : IPQ_RUN;

	cr_assert(run_output(said, sizeof(said), "cd $(dirname %s)/wrappers && %s sh -c "
			     "'./instead-of'", beside, IPQ_RUN) == 2);
	cr_assert_str_eq(said, "instead-of: instead-of: missing argument\n");
	cr_assert(run_output(said, sizeof(said), "$(dirname %s)/wrappers/instead-of /bin/true "
			     "true", beside) == 126);
	assert_says(said, "/bin/true: is not a command that can be replaced");
}

/* If the wrapper does not exist in the new root directory, the command is
 * run without it. */
Test(surroundings, in_another_root_the_real_command_is_run)
{
	if (geteuid() || run_output(said, sizeof(said), "busybox true"))
		SKIP("it needs root, and a static busybox");
	run("mkdir bin sbin && cp $(command -v busybox) bin/busybox && ln -s busybox bin/sh && "
	    "ln -s ../bin/busybox sbin/lsmod");
	cr_assert(!run_output(said, sizeof(said), "%s chroot . /bin/busybox echo here",
			      IPQ_RUN), "%s", said);
	cr_assert_str_eq(said, "here\n");
}

Test(surroundings, errors_are_those_of_the_kernel)
{
	static const char *const ways[] = { "execve", "execv", "execvp", "execvpe" };

	run("touch none && mkdir dir");
	for (int i = 0; i < 4; i++) {
		cr_assert(run_output(said, sizeof(said), "%s %s/executes %s ./nowhere",
				     IPQ_RUN, given("PROGRAMS"), ways[i]) == 125);
		cr_assert_str_eq(said, "./nowhere: No such file or directory\n");
		cr_assert(run_output(said, sizeof(said), "%s %s/executes %s ./none", IPQ_RUN,
				     given("PROGRAMS"), ways[i]) == 125);
		cr_assert_str_eq(said, "./none: Permission denied\n");
		cr_assert(run_output(said, sizeof(said), "%s %s/executes %s ./dir", IPQ_RUN,
				     given("PROGRAMS"), ways[i]) == 125);
		cr_assert_str_eq(said, "./dir: Permission denied\n");
	}
}

Test(surroundings, a_socket_that_another_program_opened_is_served)
{
	static const char *const ways[] = { "exec", "dup", "empty", "shell", "spawn" };
	int heard = queued_port(AF_INET);
	char inherits[512];
	struct child c;

	need_library();
	snprintf(inherits, sizeof(inherits), "%s/inherits", given("PROGRAMS"));
	for (int i = 0; i < 5; i++) {
		child_start(&c, NULL, IPQ_RUN, inherits, ways[i], NULL);
		child_says(&c, "ready");
		udp_say(AF_INET, HEARD, ways[i]);
		udp_expect(heard, ways[i]);
		child_says(&c, ways[i]);
		child_ends_well(&c);
	}
}

Test(surroundings, sudo_beneath_ipq_run_is_refused_for_other_users_with_the_order_that_works)
{
	char user[512];

	need("sudo");
	snprintf(user, sizeof(user), "%s --reuid=65534 --clear-groups --", given("SETPRIV"));
	if (run_output(said, sizeof(said), "%s %s --version", user, IPQ_RUN))
		SKIP("another user cannot run ipq-run here: %s", said);
	cr_assert(run_output(said, sizeof(said), "%s %s sudo true", user, IPQ_RUN) == 125);
	assert_one_line(said);
	assert_says(said, "sudo: is setuid");
	assert_says(said, "let it run ipq-run: sudo ipq-run PROGRAM");
}
