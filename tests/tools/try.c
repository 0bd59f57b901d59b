/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl try and the kernel: what it shows of packets, and what happens to them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "network.h"
#include "process.h"
#include "queue.h"
#include "tool.h"

TestSuite(try, .timeout = 60);

/* Whether the line matches the pattern completely. Numbers are read by %u. */
#define SHOWS(line, pattern, ...) \
	(sscanf(line, pattern "%n", __VA_ARGS__, &end) == COUNT_OF(__VA_ARGS__) && \
	 end == (int)strlen(line))
#define COUNT_OF(...) (int)(sizeof((const void *[]) { __VA_ARGS__ }) / sizeof(void *))

static int end;

Test(try, a_line_tells_hook_interfaces_addresses_ports_length_mark_and_id)
{
	struct tool tool;
	const char *line;
	unsigned int port, id;

	network_enter();
	run("iptables-legacy -t mangle -A OUTPUT -p udp -j MARK --set-mark 0x1f");
	run("iptables-legacy -A OUTPUT -p udp --dport 7 -j NFQUEUE --queue-num 5");
	tool = tool_start(5, "exec " IPQCTL " try --queue 5 --count 1");
	udp_say(AF_INET, 7, "hello");
	line = tool_line(&tool);
	end = -1;
	cr_assert(SHOWS(line, "OUTPUT in - out lo udp 127.0.0.1:%u > 127.0.0.1:7 33 "
			"bytes mark 0x1f id %u: accept", &port, &id), "%s", line);
	cr_assert(port != 0 && id == 1);
	cr_assert(tool_wait(&tool) == 0);
}

Test(try, ipv6_has_brackets_and_a_queue_of_its_own)
{
	struct tool tool;
	const char *line;
	unsigned int port, id;

	network_enter();
	run("ip6tables-legacy -A INPUT -p udp --dport 7 -j NFQUEUE --queue-num 6");
	tool = tool_start(6, "exec " IPQCTL " try -6 --queue 6 --count 1");
	udp_say(AF_INET6, 7, "hello");
	line = tool_line(&tool);
	end = -1;
	cr_assert(SHOWS(line, "INPUT in lo out - udp [::1]:%u > [::1]:7 53 bytes mark 0 "
			"id %u: accept", &port, &id), "%s", line);
	cr_assert(tool_wait(&tool) == 0);
}

Test(try, the_length_is_that_of_the_packet_not_of_what_was_copied)
{
	static const char data[3000];
	struct tool tool;
	int fd;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	tool = tool_start(0, "exec " IPQCTL " try --count 1");
	fd = udp_open(AF_INET, 0);
	cr_assert(udp_send(fd, "127.0.0.1", 7, data, sizeof(data)) == sizeof(data));
	assert_says(tool_line(&tool), " 3028 bytes ");
	cr_assert(tool_wait(&tool) == 0);
}

Test(try, accept_lets_packets_pass_and_drop_does_not)
{
	struct tool tool;
	char text[16];
	int fd;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	fd = udp_open(AF_INET, 7);
	tool = tool_start(0, "exec " IPQCTL " try --verdict accept --count 1");
	udp_say(AF_INET, 7, "accepted");
	assert_says(tool_line(&tool), ": accept");
	udp_expect(fd, "accepted");
	cr_assert(tool_wait(&tool) == 0);
	tool = tool_start(0, "exec " IPQCTL " try --verdict drop --count 1");
	udp_say(AF_INET, 7, "dropped");
	assert_says(tool_line(&tool), ": drop");
	cr_assert(tool_wait(&tool) == 0);
	cr_assert(udp_hear(fd, text, sizeof(text), NOTHING / 1000) < 0, "%s", text);
}

Test(try, a_sample_gets_the_verdict_and_the_rest_the_other)
{
	static const char *const passed[] = { "1", "2", "4", "5" };
	struct tool tool;
	char text[16];
	int fd;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	fd = udp_open(AF_INET, 7);
	tool = tool_start(0, "exec " IPQCTL " try --verdict drop --sample 3 --count 6");
	for (int i = 1; i <= 6; i++) {
		snprintf(text, sizeof(text), "%d", i);
		udp_say(AF_INET, 7, text);
		assert_says(tool_line(&tool), i % 3 ? ": accept" : ": drop");
	}
	cr_assert(tool_wait(&tool) == 0);
	for (int i = 0; i < 4; i++)
		udp_expect(fd, passed[i]);
	cr_assert(udp_hear(fd, text, sizeof(text), NOTHING / 1000) < 0, "%s", text);
}

Test(try, a_script_can_read_it)
{
	struct tool tool;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	tool = tool_start(0, "exec " IPQCTL " try --json --count 1");
	udp_say(AF_INET, 7, "hello");
	cr_assert_str_eq(shell("echo '%s' | " JSON("d['hook'], [d['in'], d['out']], "
			       "d['protocol'], d['from'], d['to'], d['to_port'], "
			       "d['length'], d['mark'], d['id'], d['verdict']"),
			       tool_line(&tool))->text,
			 "OUTPUT ['', 'lo'] udp 127.0.0.1 127.0.0.1 7 33 0 1 accept\n");
	cr_assert(tool_wait(&tool) == 0);
}

Test(try, a_queue_that_another_has_is_told_with_its_owner)
{
	struct ipq_handle *h;
	const struct printed *printed;
	char owner[32];

	network_enter();
	setenv("LIBIPQ_QUEUE", "3", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	printed = shell(IPQCTL " try --queue 3");
	snprintf(owner, sizeof(owner), "process %d ", getpid());
	cr_assert(printed->status == 1);
	assert_says(line_with(printed, "queue 3 is owned by "), owner);
	assert_says(line_with(printed, "queue 3 is owned by "), "LIBIPQ_QUEUE=N");
	/* the variable would have no effect, as the option overrides it */
	line_with(printed, "--queue N");
	ipq_destroy_handle(h);
}

Test(try, without_standard_output_nothing_else_is_written_to)
{
	struct tool tool;
	int fd;

	network_enter();
	fd = udp_open(AF_INET, 7);
	run("iptables-legacy -A OUTPUT -p udp --dport 7 -j QUEUE");
	tool = tool_start(0, "exec 2>&1 " IPQCTL " try >&-");
	udp_say(AF_INET, 7, "passes");
	udp_expect(fd, "passes");
	cr_assert_str_eq(tool_line(&tool),
			 "ipqctl: standard output: Bad file descriptor");
	cr_assert(tool_wait(&tool) == 1);
}

Test(try, try_without_privilege_says_so)
{
	const struct printed *printed;

	network_enter();
	printed = shell("unshare --map-user=1000 " IPQCTL " try");
	cr_assert(printed->status == 1);
	assert_says(line_with(printed, "CAP_NET_ADMIN"), "run as root");
}
