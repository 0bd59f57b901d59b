/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl check and the kernel: it tells which packets are lost and why, and the command
 * it suggests fixes it. */
#include <criterion/criterion.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "process.h"
#include "queue.h"
#include "tool.h"

TestSuite(check, .timeout = 60);

static const struct printed *check(int status)
{
	const struct printed *printed = shell(IPQCTL " check");

	cr_assert(printed->status == status, "status %d instead of %d:\n%s",
		  printed->status, status, printed->text);
	cr_assert(has(printed, status ? "\nnot ready: " : "\nready\n"), "%s",
		  printed->text);
	return printed;
}

/* Returns the line with the word, which must be a finding of this level. */
static const char *finding(const struct printed *printed, const char *level,
			   const char *word)
{
	const char *line = line_with(printed, word);

	cr_assert(!strncmp(line, level, strlen(level)), "not %s: %s", level, line);
	return line;
}

/* Runs the command at the end of the line, after this text. */
static void mend(const char *line, const char *after)
{
	const char *command = strstr(line, after);

	cr_assert(command, "%s", line);
	run("%s", command + strlen(after));
}

Test(check, a_system_with_nothing_to_do_is_ready)
{
	const struct printed *printed;

	network_enter();
	printed = check(0);
	finding(printed, "ok", "nfnetlink_queue");
	finding(printed, "ok", "CAP_NET_ADMIN");
	finding(printed, "ok", "rules that give packets to a queue can be made");
	finding(printed, "note", "nobody listens");
}

/* On kernels without nft_queue. */
Test(check, why_nft_cannot_have_such_a_rule_is_told_as_nft_says_it_of_that_rule)
{
	const struct printed *printed;

	network_enter();
	printed = check(0);
	cr_assert(!has(printed, "did you mean"), "%s", printed->text);
}

/* For each tool and family; -j QUEUE, one number, several numbers, and rules
 * listed with counters. */
Test(check, a_rule_without_a_listener_is_a_problem_and_the_command_mends_it)
{
	static const struct {
		const char *tool, *rule, *named, *start;
		int family;
	} rows[] = {
		{ "iptables-legacy", "-p udp -j QUEUE", "queue 0:",
		  "=> start the program; to", AF_INET },
		{ "iptables-legacy", "-p udp -j NFQUEUE --queue-num 3", "queue 3:",
		  "with LIBIPQ_QUEUE=3; to", AF_INET },
		{ "ip6tables-legacy", "-p udp -j QUEUE", "queue 0:",
		  "=> start the program; to", AF_INET6 },
		{ "ip6tables-legacy", "-j NFQUEUE --queue-balance 4:6",
		  "nobody listens on queue 4,", "with LIBIPQ_QUEUE6=4-6; to", AF_INET6 },
		{ "iptables-nft", "-p udp -j NFQUEUE", "queue 0:",
		  "=> start the program; to", AF_INET },
		{ "iptables-nft", "-p udp -j NFQUEUE --queue-balance 4:6",
		  "nobody listens on queue 4,", "with LIBIPQ_QUEUE=4-6; to", AF_INET },
		{ "ip6tables-nft", "-p udp -j NFQUEUE --queue-num 65535", "queue 65535:",
		  "with LIBIPQ_QUEUE6=65535; to", AF_INET6 },
	};
	char what[64];
	int fd[2];

	network_enter();
	fd[0] = udp_open(AF_INET, 7);
	fd[1] = udp_open(AF_INET6, 7);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int receiver = fd[rows[i].family == AF_INET6];
		const struct printed *printed;
		const char *line;

		run("%s -t mangle -A OUTPUT -p icmp -j ACCEPT", rows[i].tool);
		run("%s -t mangle -A OUTPUT %s", rows[i].tool, rows[i].rule);
		printed = check(1);
		snprintf(what, sizeof(what), "%s mangle OUTPUT 2 ", rows[i].tool);
		line = finding(printed, "problem", what);
		assert_says(line, rows[i].named);
		assert_says(line, "are being dropped now");
		assert_says(line, rows[i].start);
		mend(line, "until then: ");
		udp_say(rows[i].family, 7, "passes");
		udp_expect(receiver, "passes");
		finding(check(0), "note", what);
		run("%s -t mangle -F", rows[i].tool);
	}
}

/* That is how "LIBIPQ_QUEUE=7 sudo ./filter" ends: sudo removes the variable. */
Test(check, a_program_that_has_queue_0_untold_while_rules_feed_another_is_told)
{
	struct ipq_handle *h;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j NFQUEUE --queue-num 7");
	cr_assert(!has(check(1), "started without"));
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	assert_says(finding(check(1), "problem", "iptables-legacy filter OUTPUT 1 "),
		    "started without LIBIPQ_QUEUE: start it with LIBIPQ_QUEUE=7");
	/* a program whose queue a rule leads to is not meant */
	run("iptables-legacy -I OUTPUT -p tcp -j QUEUE");
	cr_assert(!has(check(1), "started without"));
	ipq_destroy_handle(h);
}

Test(check, a_rule_without_a_listener_drops_nothing_where_no_packets_are_sent)
{
	network_enter();
	run("iptables-legacy -N apart");
	run("iptables-legacy -A apart -j QUEUE");
	assert_says(finding(check(1), "problem", "iptables-legacy filter apart 1 "),
		    "are dropped, if any reach the rule");
}

Test(check, a_comment_in_a_rule_cannot_become_a_command)
{
	static const char saved[] = "-A OUTPUT -p udp -m comment --comment "
		"\"it\\'s \\\"$(touch harm)\\\" `touch harm`; touch harm\" -j NFQUEUE "
		"--queue-num 3 --queue-bypass\n";
	char directory[] = "/tmp/ipqctl-XXXXXX";
	const char *line;

	network_enter();
	cr_assert(mkdtemp(directory) && !chdir(directory));
	run("iptables-legacy -A OUTPUT -p udp -m comment --comment "
	    "'it'\\''s \"$(touch harm)\" `touch harm`; touch harm' "
	    "-j NFQUEUE --queue-num 3");
	line = finding(check(1), "problem", "iptables-legacy filter OUTPUT 1 ");
	mend(line, "until then: ");
	cr_assert_str_eq(shell("iptables-legacy-save | grep queue-num")->text, saved);
	/* fails if the directory is not empty */
	run("cd / && rmdir %s", directory);
}

Test(check, a_rule_with_a_listener_is_no_problem_but_bypass_is_missing)
{
	struct ipq_handle *h;
	const char *line;
	char who[64];

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	snprintf(who, sizeof(who), "process %d ", getpid());
	line = finding(check(0), "note", "iptables-legacy filter OUTPUT 1 ");
	assert_says(line, who);
	mend(line, " => ");
	line = finding(check(0), "ok", "iptables-legacy filter OUTPUT 1 ");
	assert_says(line, who);
	line = finding(check(0), "ok", "queue 0 is owned by ");
	assert_says(line, who);
	ipq_destroy_handle(h);
}

Test(check, a_single_queue_of_several_without_a_listener_is_a_problem)
{
	struct ipq_handle *h;
	struct tool tool;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j NFQUEUE --queue-balance 2:3");
	setenv("LIBIPQ_QUEUE", "2", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	assert_says(finding(check(1), "problem", "queues 2 to 3"),
		    "nobody listens on queue 3");
	tool = tool_start(3, "exec " IPQCTL " try --queue 3");
	finding(check(0), "note", "queues 2 to 3");
	tool_stop(&tool);
	ipq_destroy_handle(h);
}

Test(check, a_listener_without_a_rule_is_a_problem_and_the_command_mends_it)
{
	struct ipq_handle *h;

	network_enter();
	setenv("LIBIPQ_QUEUE", "9", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	mend(finding(check(1), "problem", "queue 9 is owned by "), " => ");
	finding(check(0), "ok", "queue 9 is owned by ");
	ipq_destroy_handle(h);
}

Test(check, packets_of_the_family_that_the_listener_drops_are_a_problem)
{
	struct ipq_handle *h;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	run("ip6tables-legacy -A OUTPUT -p udp -j QUEUE");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	assert_says(finding(check(1), "problem", "ip6tables-legacy filter OUTPUT 1 "),
		    "LIBIPQ_QUEUE6=");
	run("ip6tables-legacy -F");
	check(0);
	run("iptables-legacy -F");
	run("ip6tables-legacy -A OUTPUT -p udp -j QUEUE");
	/* that rule sends it no packets of its family */
	finding(check(1), "problem", "queue 0 is owned by ");
	ipq_destroy_handle(h);
}

Test(check, a_program_with_both_families_on_one_queue_is_no_problem)
{
	const struct printed *out;
	struct ipq_handle *h[2];

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j NFQUEUE --queue-bypass");
	run("ip6tables-legacy -A OUTPUT -p udp -j NFQUEUE --queue-bypass");
	h[0] = queue_open(PF_INET, IPQ_COPY_META, 0);
	h[1] = queue_open(PF_INET6, IPQ_COPY_META, 0);
	out = shell(IPQCTL " check");
	cr_assert(out->status == 0, "%s", out->text);
	cr_assert(!has(out, "problem "), "%s", out->text);
	line_with(out, "its packets come by queue 0");
	ipq_destroy_handle(h[0]);
	ipq_destroy_handle(h[1]);
}

Test(check, a_listener_that_asks_for_nothing_drops_everything)
{
	struct ipq_handle *h;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j NFQUEUE --queue-bypass");
	h = queue_open(PF_INET, IPQ_COPY_NONE, 0);
	assert_says(finding(check(1), "problem", "queue 0 is owned by "), "ipq_set_mode");
	cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) > 0);
	check(0);
	ipq_destroy_handle(h);
}

/* The port ID of some programs' sockets is not their process id. */
Test(check, the_owner_is_found_whatever_its_port_id)
{
	char buf[256], who[64];
	struct mnl_socket *nl;
	struct nlmsghdr *nlh;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j NFQUEUE --queue-num 8 --queue-bypass");
	nl = mnl_socket_open(NETLINK_NETFILTER);
	cr_assert(nl && !mnl_socket_bind(nl, 0, 777777777));
	nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, 8);
	nfq_nlmsg_cfg_put_cmd(nlh, AF_INET, NFQNL_CFG_CMD_BIND);
	cr_assert(mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) > 0);
	nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, 8);
	nfq_nlmsg_cfg_put_params(nlh, NFQNL_COPY_META, 0);
	cr_assert(mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) > 0);
	snprintf(who, sizeof(who), "process %d ", getpid());
	assert_says(finding(check(0), "ok", "queue 8 is owned by "), who);
	mnl_socket_close(nl);
}

Test(check, without_privilege_that_is_the_problem)
{
	const struct printed *printed;

	network_enter();
	printed = shell("unshare --map-user=1000 " IPQCTL " check");
	cr_assert(printed->status == 1, "%s", printed->text);
	assert_says(finding(printed, "problem", "CAP_NET_ADMIN"), "run as root");
	cr_assert(has(printed, "not ready: 1 problem\n"), "%s", printed->text);
}

Test(check, a_script_can_read_it)
{
	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -m comment --comment '\"\\\\' -j QUEUE");
	cr_assert_str_eq(shell(IPQCTL " check --json | "
			       JSON("d['ready'], [f['kind'] for f in d['findings'] "
				    "if f['level'] == 'problem']"))->text,
			 "False ['rule-without-listener']\n");
	cr_assert(shell(IPQCTL " check --json")->status == 1);
	run("iptables-legacy -F");
	cr_assert_str_eq(shell(IPQCTL " check --json | " JSON("d['ready']"))->text,
			 "True\n");
}

Test(check, native_rules_of_nft_are_seen)
{
	const char *line;
	int fd;

	network_enter();
	run("nft 'add table inet t; "
	    "add chain inet t c { type filter hook output priority 0; }'");
	if (shell("nft add rule inet t c udp dport 7 queue num 3")->status)
		cr_skip_test("the kernel has no queue expression (CONFIG_NFT_QUEUE)");
	fd = udp_open(AF_INET, 7);
	line = finding(check(1), "problem", "nft inet t c handle ");
	assert_says(line, "queue 3");
	mend(line, "until then: ");
	udp_say(AF_INET, 7, "passes");
	udp_expect(fd, "passes");
	check(0);
}

/* nft lists rules that were made with iptables-nft, too. */
Test(check, a_rule_is_told_once)
{
	const struct printed *printed;
	const char *again;

	network_enter();
	run("iptables-nft -A OUTPUT -p udp -j NFQUEUE --queue-num 3");
	printed = check(1);
	again = strstr(printed->text, "sends to queue 3");
	cr_assert(again && !strstr(again + 1, "sends to queue 3"), "%s", printed->text);
}
