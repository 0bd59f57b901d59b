/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The remedies of ipqctl check: each command that it suggests is executed where
 * check was run, and the finding must be gone then. Each suggestion must suit the
 * user that gets it. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "network.h"
#include "process.h"
#include "queue.h"
#include "tool.h"

TestSuite(remedies, .timeout = 100);

/* Runs check under the command "before". Returns one field of the first finding of this
 * kind; "" if there is none. Valid until the next call. */
static const char *field(const char *before, const char *kind, const char *name)
{
	static char text[4096];

	setenv("KIND", kind, 1);
	setenv("NAME", name, 1);
	cr_assert(run_output(text, sizeof(text), "%s " IPQCTL " check --json | python3 -c \""
			     "import json, os, sys\n"
			     "for f in json.load(sys.stdin)['findings']:\n"
			     "    if f['kind'] == os.environ['KIND']:\n"
			     "        print(f[os.environ['NAME']] or '', end='')\n"
			     "        break\"", before) == 0, "%s", text);
	return text;
}

static void assert_gone(const char *before, const char *kind)
{
	const char *what = field(before, kind, "what");

	cr_assert_str_eq(what, "", "still: %s", what);
}

/* Runs the suggested command under the same command as check. */
static void mend(const char *before, const char *kind)
{
	char command[4096];

	strcpy(command, field(before, kind, "command"));
	cr_assert(*command, "no command for %s", kind);
	run("%s %s", before, command);
	assert_gone(before, kind);
}

Test(remedies, a_system_on_which_nothing_happens_gets_its_first_rule)
{
	network_enter();
	mend("", "idle");
	cr_assert_str_eq(field("", "rule-bypassed", "level"), "note");
}

Test(remedies, rules_without_bypass_get_it)
{
	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	mend("", "rule-without-listener");
}

Test(remedies, a_rule_whose_listener_may_end_gets_bypass)
{
	struct ipq_handle *h;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	mend("", "no-bypass");
	cr_assert(shell(IPQCTL " check")->status == 0);
	ipq_destroy_handle(h);
	cr_assert_str_eq(field("", "rule-bypassed", "level"), "note");
}

Test(remedies, a_queue_without_a_rule_gets_one_of_its_family)
{
	struct ipq_handle *h;

	network_enter();
	h = queue_open(PF_INET6, IPQ_COPY_META, 0);
	cr_assert(!strncmp(field("", "listener-without-rule", "command"), "ip6tables ", 10));
	mend("", "listener-without-rule");
	ipq_destroy_handle(h);
}

Test(remedies, the_other_familys_rule_gets_a_number_that_is_free)
{
	struct ipq_handle *h[2];

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	run("ip6tables-legacy -A OUTPUT -p udp -m comment --comment \"it's\" -j QUEUE");
	run("iptables-legacy -A OUTPUT -p tcp -j NFQUEUE --queue-num 1 --queue-bypass");
	h[0] = queue_open(PF_INET, IPQ_COPY_META, 0);
	assert_says(field("", "wrong-family", "mend"), "LIBIPQ_QUEUE6=2");
	mend("", "wrong-family");
	setenv("LIBIPQ_QUEUE6", "2", 1);
	h[1] = queue_open(PF_INET6, IPQ_COPY_META, 0);
	unsetenv("LIBIPQ_QUEUE6");
	assert_gone("", "rule-without-listener");
	cr_assert(shell(IPQCTL " check")->status == 0);
	ipq_destroy_handle(h[0]);
	ipq_destroy_handle(h[1]);
}

/* Without iptables, as newer distributions are. nft is a script of the test, as this
 * kernel may have no queue expression. */
Test(remedies, a_system_without_iptables_is_given_commands_for_nft)
{
	char directory[] = "/tmp/ipqctl-XXXXXX", before[600];
	const char *command;

	network_enter();
	cr_assert(mkdtemp(directory));
	run("cat > %s/nft <<'end'\n"
	    "#!/bin/sh\n"
	    "case $* in *list*) [ ! -e ${0%%/*}/made ] || printf 'table ip queue {\\n\\tchain "
	    "output {\\n\\t\\tqueue num 0 bypass # handle 1\\n\\t}\\n}\\n';; "
	    "*bypass*) : > ${0%%/*}/made;; esac\n"
	    "end\nchmod +x %s/nft", directory, directory);
	snprintf(before, sizeof(before), "unshare -m sh -c 'for d in /usr/sbin /sbin "
		 "/usr/local/sbin; do mount -t tmpfs none $d; done; export PATH=%s:$PATH; "
		 "exec \"$@\"' sh", directory);
	command = field(before, "idle", "command");
	if (!strncmp(command, "iptables", 8)) {
		run("rm -r %s", directory);
		cr_skip_test("the commands for rules are not in an sbin directory");
	}
	cr_assert(!strncmp(command, "nft ", 4), "%s", command);
	mend(before, "idle");
	run("rm -r %s", directory);
}

/* In a user namespace, but in no network namespace of its own. */
Test(remedies, root_of_a_user_namespace_is_told_of_networks)
{
	char command[4096], *program;

	network_enter();
	strcpy(command, field("unshare -Ur", "no-privilege", "command"));
	program = strstr(command, "PROGRAM");
	cr_assert(program, "%s", command);
	*program = '\0';
	setenv("COMMAND", command, 1);
	assert_gone("unshare -Ur sh -c '$COMMAND \"$@\"' sh", "no-privilege");
	assert_says(field("unshare -Ur", "no-privilege", "mend"), "root outside");
}

#define WITHOUT "setpriv --bounding-set=-net_admin --inh-caps=-net_admin"

Test(remedies, root_in_a_container_is_told_how_to_start_it)
{
	char mend[4096];

	network_enter();
	strcpy(mend, field("container=test " WITHOUT, "no-privilege", "mend"));
	cr_assert_str_eq(mend, "start the container with --cap-add=NET_ADMIN");
	cr_assert_str_eq(field(WITHOUT, "no-privilege", "command"), "");
	/* setcap is not suggested, as it does not help there */
	cr_assert(!strstr(field(WITHOUT, "no-privilege", "mend"), "setcap"));
	assert_gone("container=test setpriv --bounding-set=+net_admin", "no-privilege");
	/* nor does a program that is refused print it */
	assert_says(shell("container=test " WITHOUT " " IPQCTL " try 2>&1")->text,
		    "start the container with --cap-add=NET_ADMIN");
}

Test(remedies, a_service_without_new_privileges_is_told_of_ambient_ones)
{
	network_enter();
	assert_says(field("setpriv --reuid 65534 --clear-groups --no-new-privs",
			  "no-privilege", "mend"), "AmbientCapabilities=");
	assert_gone("setpriv --reuid 65534 --clear-groups --no-new-privs "
		    "--inh-caps=+net_admin --ambient-caps=+net_admin", "no-privilege");
}

Test(remedies, a_user_can_have_the_capability_given_to_a_program)
{
	char directory[] = "/tmp/ipqctl-XXXXXX", command[4096], *program;
	const struct printed *printed;

	network_enter();
	strcpy(command, field("setpriv --reuid 65534 --clear-groups", "no-privilege",
			      "command"));
	program = strstr(command, " PROGRAM");
	cr_assert(program, "%s", command);
	*program = '\0';
	cr_assert(mkdtemp(directory));
	run("chmod 755 %s && cp " IPQCTL " %s/ipqctl", directory, directory);
	if (shell("%s %s/ipqctl", command, directory)->status) {
		run("rm -r %s", directory);
		cr_skip_test("file capabilities are not supported here");
	}
	printed = shell("setpriv --reuid 65534 --clear-groups %s/ipqctl check", directory);
	run("rm -r %s", directory);
	cr_assert(!has(printed, "CAP_NET_ADMIN is missing"), "%s", printed->text);
}

/* A process id is valid only in its PID namespace. */
Test(remedies, no_process_is_named_that_is_another_ones)
{
	const struct printed *printed;
	struct tool tool;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j NFQUEUE --queue-bypass");
	tool = tool_start(0, "exec " IPQCTL " try");
	printed = shell("unshare -p -f --mount-proc sh -c 'sleep 100 & " IPQCTL " check; s=$?; "
			"kill $!; exit $s'");
	tool_stop(&tool);
	cr_assert(printed->status == 0, "%s", printed->text);
	assert_says(line_with(printed, "queue 0 is owned by "), "cannot be seen from here");
	cr_assert(!has(printed, "by process "), "%s", printed->text);
}

Test(remedies, a_holder_in_another_pid_namespace_is_named_by_its_number_here)
{
	const struct printed *printed;
	char wanted[64];
	struct tool tool;
	pid_t inner;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j NFQUEUE --queue-bypass");
	tool = tool_start(0, "exec unshare -p -f --kill-child --mount-proc " IPQCTL " try");
	inner = atoi(shell("pgrep -P %d", tool.pid)->text);
	snprintf(wanted, sizeof(wanted), "process %d (ipqctl)", inner);
	printed = shell(IPQCTL " check");
	cr_assert(inner > 1 && !kill(inner, SIGKILL));
	tool_wait(&tool);
	assert_says(line_with(printed, "queue 0 is owned by "), wanted);
}

Test(remedies, settings_that_the_holder_has_not_are_told)
{
	struct tool tool;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j NFQUEUE --queue-bypass");
	tool = tool_start(0, "exec " IPQCTL " try --queue 0");
	setenv("LIBIPQ_MAXLEN", "5000", 1);
	assert_says(field("", "settings-differ", "what"), "without LIBIPQ_MAXLEN=5000");
	tool_stop(&tool);
	tool = tool_start(0, "exec " IPQCTL " try");
	assert_gone("", "settings-differ");
	tool_stop(&tool);
}
