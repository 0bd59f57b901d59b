/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl rules: what is translated, that nothing else is, and that the kernel
 * accepts the result. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "process.h"
#include "queue.h"
#include "tool.h"
#include "translated.h"

TestSuite(rules, .timeout = 60);

#define N "NFQUEUE --queue-num 3"
#define N6 "NFQUEUE --queue-num 6"

/* Today's iptables must refuse each rule, and accept its translation. */
Test(rules, old_negations_are_taken_by_iptables_when_translated)
{
	static const char *const rules[] = {
		"-s ! 10.0.0.0/8", "-d ! 10.0.0.1", "-o ! lo", "-p ! icmp",
		"-p tcp --dport ! 80", "-p tcp -m multiport --dports ! 80,443",
		"-p tcp --tcp-flags ! SYN,ACK SYN", "-m conntrack --ctstate ! NEW",
		"-m state --state ! ESTABLISHED", "-p icmp --icmp-type ! 8", "-s! 10.0.0.1",
		"-m mark --mark ! 1", "-m pkttype --pkt-type ! broadcast",
		"-m length --length ! 0:100", "-p tcp --tcp-option ! 2",
		"-m iprange --src-range ! 10.0.0.1-10.0.0.9", "--source=! 10.0.0.1",
		"-m string --string abc", "-p tcp -m mport --ports 80",
	};
	char said[4096];

	network_enter();
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		cr_assert(run_output(said, sizeof(said), "iptables-legacy -A OUTPUT %s -j "
				     "ACCEPT", rules[i]) != 0, "%s is no old form", rules[i]);
		cr_assert(run_output(said, sizeof(said), "echo 'iptables-legacy -A OUTPUT %s "
				     "-j QUEUE' | " IPQCTL " rules --queue 3 > /tmp/old.$$ && "
				     "sh -e /tmp/old.$$; status=$?; rm /tmp/old.$$; "
				     "exit $status", rules[i]) == 0, "%s: %s", rules[i], said);
	}
	cr_assert(!run_output(said, sizeof(said), "iptables-legacy -S OUTPUT | grep -c '" N
			      "'"));
	cr_assert(atoi(said) == (int)(sizeof(rules) / sizeof(rules[0])), "%s", said);
}

Test(rules, what_has_no_form_of_todays_is_told_with_its_line)
{
	char said[4096];

	cr_assert(run_output(said, sizeof(said), "printf 'iptables -A a -s ! b\\niptables -A a "
			     "-m unclean -j ULOG\\n' | " IPQCTL " rules") != 1);
	assert_says(said, "iptables -A a ! -s b\n");
	assert_says(said, "standard input:2: the match unclean is gone");
}

Test(rules, a_jump_to_queue_is_found_however_it_is_written)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "iptables -A INPUT -j QUEUE", "iptables -A INPUT -j " N },
		{ "iptables -A INPUT -j  QUEUE -p udp",
		  "iptables -A INPUT -j  " N " -p udp" },
		{ "iptables -A INPUT -jQUEUE", "iptables -A INPUT -j " N },
		{ "iptables -A INPUT -j'QUEUE'", "iptables -A INPUT -j " N },
		{ "iptables -A INPUT -vj QUEUE", "iptables -A INPUT -vj " N },
		{ "iptables -A INPUT -4vfjQUEUE", "iptables -A INPUT -4vfj " N },
		{ "iptables -A INPUT --jump QUEUE", "iptables -A INPUT --jump " N },
		{ "iptables -A INPUT --jump=QUEUE", "iptables -A INPUT --jump " N },
		{ "iptables -A INPUT --ju=QUEUE", "iptables -A INPUT --ju " N },
		{ "iptables -A INPUT --ju QUEUE", "iptables -A INPUT --ju " N },
		{ "iptables -A INPUT -j \\\n\tQUEUE\n",
		  "iptables -A INPUT -j \\\n\t" N "\n" },
		{ "iptables -A INPUT -j \"QUEUE\"", "iptables -A INPUT -j " N },
		{ "iptables -A INPUT -j 'QUEUE';", "iptables -A INPUT -j " N ";" },
		{ "(iptables -j QUEUE)", "(iptables -j " N ")" },
		{ "iptables -j QUEUE>/dev/null", "iptables -j " N " >/dev/null" },
		{ "iptables -jQUEUE</dev/null", "iptables -j " N " </dev/null" },
		{ "iptables -j QUEUE||exit", "iptables -j " N "||exit" },
		{ "sh -c \"iptables -j QUEUE\"", "sh -c \"iptables -j " N "\"" },
		{ "sh -c \"iptables -j \\\"QUEUE\\\"\"", "sh -c \"iptables -j " N "\"" },
		{ "OPTS='-p udp -j QUEUE'", "OPTS='-p udp -j " N "'" },
		{ "echo don't; iptables -j QUEUE", "echo don't; iptables -j " N },
		{ "-A INPUT -j QUEUE\r\n", "-A INPUT -j " N "\r\n" },
		{ "[1:2] -A INPUT -j QUEUE \n", "[1:2] -A INPUT -j " N " \n" },
		{ "echo \"Adding #1\"; iptables -j QUEUE",
		  "echo \"Adding #1\"; iptables -j " N },
		{ "logger 'rule #5; it\"s'; iptables -j QUEUE",
		  "logger 'rule #5; it\"s'; iptables -j " N },
		{ "OPTS=\"-jQUEUE\"", "OPTS=\"-j " N "\"" },
		{ "sh -c \"iptables -jQUEUE\"", "sh -c \"iptables -j " N "\"" },
		{ "-A a -m comment --comment --comment -j QUEUE",
		  "-A a -m comment --comment --comment -j " N },
		{ "-A a -m recent --name \"my # list\" -j QUEUE",
		  "-A a -m recent --name \"my # list\" -j " N },
		{ "echo \"don't; a\"; iptables -m comment --comment 'b' -j QUEUE",
		  "echo \"don't; a\"; iptables -m comment --comment 'b' -j " N },
		{ "-A a -j QUEUE\n-A b -j QUEUE\n", "-A a -j " N "\n-A b -j " N "\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_assert_str_eq(translated("--queue 3 --queue6 6", rows[i].before),
				 rows[i].after);
}

Test(rules, all_else_stays_as_it_was)
{
	static const char *const texts[] = {
		"", "\n", "\\", "-j", "-j ", "'", "\"",
		"# iptables -A INPUT -j QUEUE\n", "true # -j QUEUE",
		"\t# \\\n\t# -j QUEUE",
		"iptables -A INPUT -j NFQUEUE --queue-num 0", "iptables -j QUEUE2",
		"iptables -j MYQUEUE", "iptables -j queue", "iptables -g QUEUE",
		"TARGET=QUEUE", "iptables -N QUEUE -j ACCEPT", "-jump QUEUE",
		"--jumps QUEUE", "-vx QUEUE", "-jv QUEUE", "-j=QUEUE", "--jumpQUEUE",
		"-pj QUEUE",
		"-j -j", "-j; QUEUE", "-j\nQUEUE", "x-j QUEUE",
		"-A INPUT -m comment --comment \"a -j QUEUE b\" -j ACCEPT",
		"-A INPUT -m comment --comment \"a \\\" -j QUEUE b\" -j ACCEPT",
		"-A INPUT -j LOG --log-prefix '-j QUEUE '",
		"-A INPUT -m string --algo bm --string \"-j QUEUE\" -j ACCEPT",
		"-A INPUT -m comment --comment -jQUEUE -j DROP",
		"-A INPUT -m comment --comment -j QUEUE",
		"-A INPUT -m comment --comment --comment -j DROP",
		"sh -c \"iptables --comment \\\"-j QUEUE\\\" -j DROP\"",
		"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p udp -j DROP\nCOMMIT\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		cr_assert_str_eq(translated("", texts[i]), texts[i]);
}

Test(rules, bytes_that_are_no_text_stay_too)
{
	char bytes[4096];
	const char *path;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i * 7 + i / 256;
	path = write_file(bytes, sizeof(bytes));
	cr_assert(shell(IPQCTL " rules %s | cmp - %s; s=$?; rm %s; exit $s", path, path,
			path)->status == 0);
}

Test(rules, what_a_person_must_decide_is_told_with_its_line)
{
	static const struct {
		const char *options, *text, *told[2];
	} rows[] = {
		{ "", "true\nmodprobe ip_queue\n", { ":2: ", "LIBIPQ_MAXLEN" } },
		{ "", "\\\n\ncat /proc/net/ip_queue", { ":3: ", "ipqctl status" } },
		{ "--queue 3", "TARGET=QUEUE\n", { ":1: ", N } },
		{ "--queue6 6", "$cmd -j QUEUE", { ":1: ", "IPv4, queue 0" } },
		{ "--queue6 6", "for ipt in iptables ip6tables; do $ipt -j QUEUE; done",
		  { ":1: ", "IPv4, queue 0" } },
		{ "--nft", "$ipt -A INPUT -j QUEUE", { ":1: ", "IPv4, queue 0" } },
		{ "--queue6 6", "${IPTABLES:-/sbin/iptables} -j QUEUE",
		  { ":1: ", "IPv4, queue 0" } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *said = remarks(rows[i].options, rows[i].text);

		assert_one_line(said);
		assert_says(said, rows[i].told[0]);
		assert_says(said, rows[i].told[1]);
	}
	assert_says(remarks("", "iptables -j QUEUE\nip6tables -j QUEUE"),
		    "two programs need two: --queue6 N, and LIBIPQ_QUEUE6=N");
	cr_assert_str_eq(remarks("--queue6 1", "iptables -j QUEUE\nip6tables -j QUEUE"),
			 "");
	cr_assert_str_eq(remarks("", "-A a -m comment --comment QUEUE"), "");
	cr_assert_str_eq(remarks("-4 --queue6 6", "$cmd -j QUEUE"), "");
}

Test(rules, a_line_that_is_ten_times_as_long_takes_ten_times_as_long)
{
	/* a time that grows as the square of the length would be minutes */
	cr_assert_str_eq(shell("yes -- '-j QUEUE' | head -n 100000 | tr '\\n' ' ' | "
			       "timeout 20 " IPQCTL " rules | wc -w")->text, "400000\n");
}

Test(rules, what_may_become_a_target_is_left_and_told)
{
	static const char *const texts[] = {
		"X=QUEUE", "X=-jQUEUE", "iptables -j ${T:-QUEUE}",
		"iptables -j ${T-QUEUE}",
		"iptables -j \"${T:-\"QUEUE\"}\"", "iptables -A INPUT \"-jQUEUE\"",
		"iptables -A INPUT '--jump=QUEUE' -p udp",
		"sh -c \"iptables \\\"-jQUEUE\\\"\"",
	};
	static const char *const others[] = {
		"iptables -A LOG-QUEUE -j DROP", "iptables -N MYQUEUE",
		"x ${QUEUE} $QUEUE",
		"iptables -j NFQUEUE --queue-num ${QUEUE}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		cr_assert_str_eq(translated("", texts[i]), texts[i]);
		assert_says(remarks("", texts[i]),
			    ":1: QUEUE that is not a word after -j ");
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		cr_assert_str_eq(remarks("", others[i]), "");
}

Test(rules, several_files_come_out_one_after_another)
{
	cr_assert_str_eq(shell("echo '-j QUEUE' | " IPQCTL " rules - /dev/null -")->text,
			 "-j NFQUEUE --queue-num 0\n");
}

Test(rules, a_file_that_cannot_be_read_is_named)
{
	const struct printed *printed = shell(IPQCTL " rules /nowhere/rules /tmp");

	cr_assert(printed->status == 1);
	assert_says(printed->text, "/nowhere/rules: No such file or directory");
	assert_says(printed->text, "/tmp: Is a directory");
}

static const char saved[] =
	"# Generated by iptables-save v1.3.8\n"
	"*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
	":OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
	"[0:0] -A OUTPUT -p udp -m udp --dport 7 -m comment --comment \"was -j QUEUE\" "
	"-j QUEUE \nCOMMIT\n";

static void assert_queued(void)
{
	struct ipq_handle *h;
	union message m;

	setenv("LIBIPQ_QUEUE", "3", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 7, "x");
	queue_packet(h, &m);
	ipq_destroy_handle(h);
}

Test(rules, every_iptables_takes_a_translated_file)
{
	const char *path;

	network_enter();
	path = write_file(saved, strlen(saved));
	run(IPQCTL " rules --queue 3 %s | iptables-legacy-restore", path);
	assert_queued();
	run("iptables-legacy -t mangle -F");
	cr_assert(shell("iptables-nft-restore < %s", path)->status != 0);
	run(IPQCTL " rules --queue 3 %s | iptables-nft-restore; rm %s", path, path);
	assert_queued();
	cr_assert(has(shell("iptables-nft-save"), "--comment \"was -j QUEUE\""));
}

Test(rules, iptables_takes_every_way_to_write_a_jump_once_it_is_translated)
{
	static const char *const jumps[] = {
		"-j QUEUE", "-jQUEUE", "-j'QUEUE'", "--jump QUEUE", "--ju QUEUE",
		"--jump=QUEUE", "-vj QUEUE", "-fj QUEUE", "-4vfjQUEUE",
	};
	char script[128];

	network_enter();
	for (size_t i = 0; i < sizeof(jumps) / sizeof(*jumps); i++) {
		snprintf(script, sizeof(script), "iptables-legacy -A INPUT -p udp %s\n",
			 jumps[i]);
		run("%s", translated("--queue 3", script));
	}
	cr_assert(atoi(shell("iptables-legacy -S | grep -c queue-num.3")->text) ==
		  sizeof(jumps) / sizeof(*jumps));
	cr_assert_str_eq(shell("iptables-legacy -S | grep -c -- -f")->text, "2\n");
}

Test(rules, a_translated_script_does_what_it_did)
{
	static const char script[] =
		"set -e\nIPT=iptables-nft\n"
		"for port in 7 9; do\n"
		"\t$IPT -A OUTPUT -p udp --dport $port \\\n\t\t-j \"QUEUE\"\n"
		"done\nsh -c \"$IPT -A OUTPUT -p icmp -j QUEUE\"\n";
	const char *path;

	network_enter();
	path = write_file(script, strlen(script));
	cr_assert(shell("sh %s", path)->status != 0);
	run(IPQCTL " rules --queue 3 %s | sh; rm %s", path, path);
	assert_queued();
	cr_assert_str_eq(shell("iptables-nft-save | grep -c queue-num.3")->text, "3\n");
}

