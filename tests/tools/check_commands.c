/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl check with commands that are missing, hang, fail, or print
 * something unexpected. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "process.h"
#include "tool.h"

TestSuite(check_commands, .timeout = 100);

static char directory[] = "/tmp/ipqctl-XXXXXX";

/* Makes a network, and a directory that is the first in PATH. */
static void enter(void)
{
	char path[4096];

	network_enter();
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s:%s", directory, getenv("PATH"));
	setenv("PATH", path, 1);
}

static void leave(void)
{
	run("rm -r %s", directory);
}

/* Makes a command with this name that runs the shell commands in text when it
 * is to list rules. */
static void fake(const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	cr_assert(file);
	fprintf(file, "#!/bin/sh\ncase \"$*\" in add*) exit 1;; esac\n%s\n", text);
	fclose(file);
	run("chmod +x %s", path);
}

Test(check_commands, missing_commands_are_no_finding_where_there_can_be_no_rules_of_theirs)
{
	const struct printed *printed;

	enter();
	fake("nft", "exit 0");
	printed = shell("unshare -m sh -c 'for d in /usr/sbin /sbin /usr/local/sbin; do "
			"mount -t tmpfs none $d; done; " IPQCTL " check'");
	leave();
	if (has(printed, "iptables -j NFQUEUE"))
		cr_skip_test("the commands for rules are not in an sbin directory");
	cr_assert(!has(printed, "are not seen"), "%s", printed->text);
	cr_assert(!has(printed, "install the package"), "%s", printed->text);
}

Test(check_commands, a_missing_one_is_a_finding)
{
	const struct printed *printed;

	network_enter();
	/* with rules of iptables-legacy, its missing commands are reported */
	run("iptables-legacy -A OUTPUT -p udp; ip6tables-legacy -A OUTPUT -p udp");
	/* hides all of the system's commands that list rules */
	printed = shell("unshare -m sh -c 'for d in /usr/sbin /sbin /usr/local/sbin; do "
			"mount -t tmpfs none $d; done; " IPQCTL " check'");
	if (has(printed, "iptables -j NFQUEUE"))
		cr_skip_test("the commands for rules are not in an sbin directory");
	cr_assert(printed->status == 1, "%s", printed->text);
	for (int i = 0; i < 5; i++) {
		static const char *const tools[] = {
			"iptables-legacy", "ip6tables-legacy", "iptables-nft",
			"ip6tables-nft", "nft",
		};
		char what[64];

		snprintf(what, sizeof(what), "made with %s,", tools[i]);
		cr_assert(!strncmp(line_with(printed, what), "note", 4));
	}
	line_with(printed, "problem  no rule that gives packets to a queue can be made");
}

/* nft runs the shell commands in text, which must start a process that sleeps, and write
 * its id to the file pid. */
static void assert_stopped(const char *text)
{
	const struct printed *printed;

	enter();
	fake("nft", text);
	printed = shell(IPQCTL " check");
	cr_assert(printed->status == 1, "%s", printed->text);
	assert_says(line_with(printed, "problem  nft "), "took too long");
	run("for i in $(seq 1000); do "
	    "grep -q sleep /proc/$(cat %s/pid)/cmdline || exit 0; sleep 0.01; done; "
	    "exit 1", directory);
	leave();
}

Test(check_commands, a_command_that_never_ends_is_stopped)
{
	assert_stopped("sleep 1000 & echo $! > $(dirname $0)/pid; wait");
}

Test(check_commands, a_command_that_never_ends_and_prints_nothing_more_is_stopped)
{
	assert_stopped("sleep 1000 >&- 2>&- & echo $! > $(dirname $0)/pid; "
		       "exec >&- 2>&-; wait");
}

Test(check_commands, what_a_command_that_ends_leaves_behind_is_stopped)
{
	assert_stopped("sleep 1000 & echo $! > $(dirname $0)/pid");
}

Test(check_commands, a_command_that_prints_without_end_is_stopped)
{
	enter();
	for (int stream = 1; stream <= 2; stream++) {
		fake("nft", stream == 1 ? "exec cat /dev/zero" :
		     "exec cat /dev/zero >&2");
		assert_says(line_with(shell(IPQCTL " check"), "problem  nft "),
			    "printed too much");
	}
	leave();
}

Test(check_commands, the_complaint_of_one_that_fails_is_told)
{
	const struct printed *printed;

	enter();
	fake("nft", "echo 'an omen' >&2; exit 3");
	printed = shell(IPQCTL " check");
	cr_assert(printed->status == 1);
	assert_says(line_with(printed, "problem  nft "), "an omen");
	fake("nft", "kill -SEGV $$");
	printed = shell(IPQCTL " check");
	cr_assert(printed->status == 1);
	line_with(printed, "problem  nft ");
	/* a kernel without nf_tables has no rules of nft */
	fake("nft", "echo 'netlink: Error: Protocol not supported' >&2; exit 1");
	printed = shell(IPQCTL " check");
	cr_assert(printed->status == 0, "%s", printed->text);
	line_with(printed, "note     nft ");
	leave();
}

/* For commands and versions of nft that this system does not have. */
Test(check_commands, rules_of_nft_are_read_as_it_prints_them)
{
	static const struct {
		const char *queue, *wanted, *mended;
	} rows[] = {
		{ "queue", "sends to queue 0:", "queue num 0 bypass" },
		{ "queue num 3", "sends to queue 3:", "queue num 3 bypass" },
		{ "queue num 3-5", "sends to queues 3 to 5:", "queue num 3-5 bypass" },
		{ "queue to 3", "sends to queue 3:", "queue num 3 bypass" },
		{ "queue num 3-5 fanout", "sends to queues 3 to 5:",
		  "queue num 3-5 bypass,fanout" },
		{ "queue flags fanout to 3-5", "sends to queues 3 to 5:",
		  "queue num 3-5 bypass,fanout" },
	};
	char listing[512], wanted[512];

	enter();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct printed *printed;

		snprintf(listing, sizeof(listing), "cat <<'END'\n"
			 "table inet t { # handle 9\n"
			 "\tset queue {\n\t\ttype ipv4_addr\n\t}\n\n"
			 "\tchain c { # handle 1\n"
			 "\t\ttype filter hook output priority filter; policy accept;\n"
			 "\t\tlog prefix \"queue num 8\" # handle 2\n"
			 "\t\tudp dport 7 counter %s comment \"a queue num 7\" "
			 "# handle 4\n"
			 "\t}\n}\nEND", rows[i].queue);
		fake("nft", listing);
		printed = shell(IPQCTL " check");
		cr_assert(printed->status == 1);
		cr_assert(has(printed, "not ready: 1 problem\n"), "%s", printed->text);
		assert_says(line_with(printed, "nft inet t c handle 4 "), rows[i].wanted);
		snprintf(wanted, sizeof(wanted), "until then: nft 'replace rule inet t c "
			 "handle 4 udp dport 7 counter %s comment \"a queue num 7\"'",
			 rows[i].mended);
		assert_says(line_with(printed, "nft inet t c handle 4 "), wanted);
	}
	leave();
}

Test(check_commands, a_rule_of_nft_for_both_families_needs_a_listener_for_both)
{
	static const struct {
		const char *matches, *level, *told;
	} rows[] = {
		{ "udp dport 7", "problem ", "owns queue 3 for IPv4 and drops other packets" },
		{ "meta nfproto { ipv4, ipv6 } udp dport 7", "problem ",
		  "owns queue 3 for IPv4 and drops other packets" },
		{ "ip6 saddr fd09::1", "problem ",
		  "owns queue 3 for IPv4 and drops other packets" },
		{ "ip saddr 10.9.0.1", "note ", "listens" },
		{ "meta nfproto ipv4 udp dport 7", "note ", "listens" },
	};
	char listing[512];
	struct tool tool;

	enter();
	tool = tool_start(3, "exec " IPQCTL " try --queue 3");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct printed *printed;
		const char *line;

		snprintf(listing, sizeof(listing), "cat <<'END'\n"
			 "table inet t { # handle 9\n"
			 "\tchain c { # handle 1\n"
			 "\t\t%s queue num 3 # handle 4\n"
			 "\t}\n}\nEND", rows[i].matches);
		fake("nft", listing);
		printed = shell(IPQCTL " check");
		line = line_with(printed, "nft inet t c handle 4 ");
		cr_assert(!strncmp(line, rows[i].level, strlen(rows[i].level)), "%s",
			  line);
		assert_says(line, rows[i].told);
	}
	fake("nft", "printf 'table inet t {\\n\\tchain c {\\n\\t\\tqueue num 3\\n\\t}\\n"
	     "}\\n'");
	/* packets of its own family come */
	cr_assert(!strncmp(line_with(shell(IPQCTL " check"), "queue 3 is owned by "), "ok",
			   2));
	tool_stop(&tool);
	leave();
}

/* Control characters could make the terminal do something. */
Test(check_commands, nothing_that_is_read_reaches_the_terminal_raw)
{
	const struct printed *printed;

	enter();
	fake("nft", "printf 'table inet t {\\n\\tchain c {\\n"
	     "\\t\\tlog prefix \"\\033[2J\\b\\377\" queue num 3 # handle 4\\n"
	     "\\t}\\n}\\n'");
	printed = shell(IPQCTL " check");
	line_with(printed, "nft inet t c handle 4 ");
	cr_assert(!strpbrk(printed->text, "\033\b\t"), "%s", printed->text);
	cr_assert_str_eq(shell(IPQCTL " check --json | " JSON("d['ready']"))->text,
			 "False\n");
	/* JSON is UTF-8 */
	cr_assert(has(shell(IPQCTL " check --json"), "\\u001b[2J\\u0008\\ufffd"));
	leave();
}

Test(check_commands, noise_is_no_rule)
{
	enter();
	fake("nft", "head -c 1000000 /dev/urandom");
	fake("iptables-legacy-save", "head -c 1000000 /dev/urandom");
	fake("ip6tables-nft-save", "printf '%s'; head -c 100000 /dev/zero");
	cr_assert(shell(IPQCTL " check")->status == 0);
	leave();
}
