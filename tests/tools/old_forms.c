/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules in the form of ip_queue's years, and their translation for today's iptables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "old-form.h"

/* The copy and the room are exactly as long as what may be read and written. */
static void expect(const char *text, const char *expected)
{
	size_t len = strlen(text), n;
	char *copy = malloc(len), *to = malloc(OLD_FORM_MAX(len));

	memcpy(copy, text, len);
	n = old_form_rewrite((struct text) { copy, len }, to);
	cr_assert(n == strlen(expected) && !memcmp(to, expected, n),
		  "\"%s\" becomes \"%.*s\" and not \"%s\"", text, (int)n, to, expected);
	free(copy);
	free(to);
}

static void stays(const char *text)
{
	expect(text, text);
}

Test(old_forms, a_negation_behind_its_option_goes_before_it)
{
	static const char *const options[] = {
		"-s", "-d", "-i", "-o", "-p", "--source", "--dst", "--in-interface",
		"--protocol", "--sport", "--dport", "--dports", "--ctstate", "--state",
		"--icmp-type", "--mark", "--mac-source", "--tcp-option", "--length",
		"--src-range", "--pkt-type", "--uid-owner", "--tos", "--limit-iface-in",
	};
	char text[128], expected[128];

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		snprintf(text, sizeof(text), "iptables -A INPUT %s ! value -j QUEUE\n",
			 options[i]);
		snprintf(expected, sizeof(expected), "iptables -A INPUT ! %s value -j QUEUE\n",
			 options[i]);
		expect(text, expected);
	}
	expect("-A FORWARD -s ! 10.0.0.0/8 -p tcp --dport ! 80 -j ACCEPT",
	       "-A FORWARD ! -s 10.0.0.0/8 -p tcp ! --dport 80 -j ACCEPT");
	expect("-A INPUT -p tcp --tcp-flags ! SYN,ACK SYN -j DROP",
	       "-A INPUT -p tcp ! --tcp-flags SYN,ACK SYN -j DROP");
}

Test(old_forms, a_negation_attached_to_its_option_is_taken_off)
{
	expect("-A INPUT -s! 10.0.0.0/8 --destination=! 10.0.0.1 -j QUEUE",
	       "-A INPUT ! -s 10.0.0.0/8 ! --destination 10.0.0.1 -j QUEUE");
}

Test(old_forms, scripts_keep_variables_quotes_and_continued_lines)
{
	expect("$IPT -I FORWARD 1 \\\n\t-i ! \"$LAN IF\" \\\n\t-d \"!\" $NET -j QUEUE # -s ! x\n",
	       "$IPT -I FORWARD 1 \\\n\t! -i \"$LAN IF\" \\\n\t! -d $NET -j QUEUE # -s ! x\n");
	expect("iptables -A a -s \\\n ! \\\n 10.0.0.1 -j QUEUE\n",
	       "iptables -A a ! -s \\\n  \\\n 10.0.0.1 -j QUEUE\n");
	expect("iptables -A a -s ! 10.0.0.1\niptables -D a -s ! 10.0.0.1",
	       "iptables -A a ! -s 10.0.0.1\niptables -D a ! -s 10.0.0.1");
}

Test(old_forms, commands_in_quotes_are_rewritten_too)
{
	expect("ssh gate \"iptables -A INPUT -s ! $NET -j QUEUE; echo 'a ! b'\" # x\n",
	       "ssh gate \"iptables -A INPUT ! -s $NET -j QUEUE; echo 'a ! b'\" # x\n");
	expect("RULE='-A INPUT -p ! udp'", "RULE='-A INPUT ! -p udp'");
	expect("system(\"iptables -I a -d ! b\");", "system(\"iptables -I a -d ! b\");");
	stays("iptables -A a -m comment --comment \"-A b -s ! c\"");
}

Test(old_forms, what_is_written_as_today_or_is_no_rule_stays)
{
	static const char *const texts[] = {
		"iptables -A INPUT ! -s 10.0.0.0/8 -p tcp ! --syn -j QUEUE\n",
		"iptables -A INPUT -p tcp --syn ! -s 10.0.0.1 -j QUEUE\n",
		"iptables -A INPUT -f ! -i eth0 -j QUEUE\n",
		"if ! iptables -L INPUT; then echo -n ! no; fi\n",
		"find . -name ! x\n",
		"[ -z ! x ]\n",
		"iptables -A INPUT -m comment --comment -s ! x\n",
		"iptables -A INPUT -j LOG --log-prefix \"-s ! x\" -j QUEUE\n",
		"iptables -A INPUT -s !\n",
		"iptables -A INPUT -s ! -d 10.0.0.1\n",
		"iptables -A INPUT -s ! ! 10.0.0.1\n",
		"iptables -A ! x -j ! QUEUE -m ! tcp\n",
		"iptables -A INPUT -s !10.0.0.1 -i !eth0\n",
		"iptables -A INPUT -m string --string abc --algo kmp\n",
		"# iptables -A INPUT -s ! 10.0.0.1\n",
		"-A INPUT - ! x -! x --! x --=! x\n",
		"", "\n", "\\\n", "-A \\",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		stays(texts[i]);
}

Test(old_forms, the_algorithm_that_was_the_only_one_is_named)
{
	expect("iptables -A INPUT -m string --string \"cmd.exe\" -j QUEUE",
	       "iptables -A INPUT -m string --algo bm --string \"cmd.exe\" -j QUEUE");
	expect("-A INPUT -m string --hex-string ! |00| -j QUEUE",
	       "-A INPUT -m string --algo bm ! --hex-string |00| -j QUEUE");
}

Test(old_forms, matches_that_have_another_name_get_it)
{
	expect("-A INPUT -p tcp -m mport --ports 80,443:445 -j QUEUE",
	       "-A INPUT -p tcp -m multiport --ports 80,443:445 -j QUEUE");
	expect("-A INPUT -p tcp -m iplimit --iplimit-above 4 --iplimit-mask 24 -j DROP",
	       "-A INPUT -p tcp -m connlimit --connlimit-above 4 --connlimit-mask 24 -j DROP");
	stays("-A mport -j iplimit");
}

Test(old_forms, what_is_gone_is_told_with_its_line_once)
{
	const char *text = "iptables -A INPUT -m unclean -j DROP\n\niptables -A x \\\n"
			   " -j ULOG\n# iptables -A x -j MIRROR\necho -j MIRROR\n"
			   "iptables -A x -m owner --cmd-owner y --match random -j SAME\n";
	struct old_form_reader r = { .rest = text_of(text) };

	cr_assert(strstr(old_form_next_gone(&r), "unclean") && r.line == 1);
	cr_assert(strstr(old_form_next_gone(&r), "ULOG") && r.line == 3);
	cr_assert(strstr(old_form_next_gone(&r), "--cmd-owner") && r.line == 7);
	cr_assert(!old_form_next_gone(&r));
}
