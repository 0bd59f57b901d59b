/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl status and the kernel: shows what /proc/net/ip_queue and ip6_queue showed
 * (FACTS part I, 7). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "process.h"
#include "queue.h"
#include "tool.h"

TestSuite(status, .timeout = 60);

#define IDLE "Peer PID          : 0\n" \
	     "Copy mode         : 0\n" \
	     "Copy range        : 0\n" \
	     "Queue length      : 0\n" \
	     "Queue max. length : 1024\n" \
	     "Queue dropped     : 0\n"

static const char idle[] = IDLE "Netlink dropped   : 0\n";
static const char idle6[] = IDLE "Netfilter dropped : 0\n";

Test(status, status_without_an_owner_is_the_file_of_an_idle_module)
{
	network_enter();
	cr_assert_str_eq(shell(IPQCTL " status")->text, idle);
	cr_assert_str_eq(shell(IPQCTL " status -4")->text, idle);
	cr_assert_str_eq(shell(IPQCTL " status -6")->text, idle6);
	cr_assert(shell(IPQCTL " status")->status == 0);
}

Test(status, status_prints_the_old_file_label_for_label)
{
	struct ipq_handle *h;
	char wanted[512];

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 100);
	udp_say(AF_INET, 7, "waits");
	udp_say(AF_INET, 7, "waits");
	snprintf(wanted, sizeof(wanted),
		 "Peer PID          : %d\n"
		 "Copy mode         : 2\n"
		 "Copy range        : 100\n"
		 "Queue length      : 2\n"
		 "Queue max. length : 1024\n"
		 "Queue dropped     : 0\n"
		 "Netlink dropped   : 0\n", getpid());
	cr_assert_str_eq(shell(IPQCTL " status")->text, wanted);
	cr_assert_str_eq(shell(IPQCTL " status --ipv4")->text, wanted);
	cr_assert_str_eq(shell(IPQCTL " status --ipv6")->text, idle6);
	ipq_destroy_handle(h);
}

Test(status, a_rule_that_feeds_a_family_nobody_reads_is_told_of)
{
	static const char told[] = "ip6tables-legacy filter OUTPUT 1 ";
	struct ipq_handle *h[2];

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	run("ip6tables-legacy -A OUTPUT -p udp -j QUEUE");
	h[0] = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(strstr(shell(IPQCTL " status 2>&1")->text, told));
	cr_assert(!strstr(shell(IPQCTL " status -4 2>&1")->text, told));
	h[1] = queue_open(PF_INET6, IPQ_COPY_META, 0);
	cr_assert(!strstr(shell(IPQCTL " status 2>&1")->text, told));
	/* a mover has the number now */
	ipq_destroy_handle(h[1]);
	cr_assert(strstr(shell(IPQCTL " status 2>&1")->text, told));
	cr_assert(strstr(shell(IPQCTL " check")->text, "owns queue 0 for IPv4 and drops"));
	ipq_destroy_handle(h[0]);
}

Test(status, each_family_is_a_file_of_its_own)
{
	struct ipq_handle *h, *h6;
	const struct printed *both;

	network_enter();
	setenv("LIBIPQ_QUEUE6", "1", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	h6 = queue_open(PF_INET6, IPQ_COPY_PACKET, 0);
	cr_assert(has(shell(IPQCTL " status -4"), "Copy mode         : 1\n"));
	cr_assert(!has(shell(IPQCTL " status -4"), "Netfilter"));
	cr_assert(has(shell(IPQCTL " status -6"), "Copy mode         : 2\n"));
	cr_assert(has(shell(IPQCTL " status -6"), "Netfilter dropped : 0\n"));
	both = shell(IPQCTL " status");
	assert_says(both->text, "==> ip_queue, queue 0 <==\nPeer PID");
	assert_says(both->text, "==> ip6_queue, queue 1 <==\nPeer PID");
	ipq_destroy_handle(h);
	ipq_destroy_handle(h6);
}

Test(status, what_did_not_fit_the_queue_is_counted_as_dropped)
{
	struct ipq_handle *h;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	setenv("LIBIPQ_MAXLEN", "2", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	for (int i = 0; i < 5; i++)
		udp_say(AF_INET, 7, "x");
	cr_assert(has(shell(IPQCTL " status"), "Queue length      : 2\n"));
	cr_assert(has(shell(IPQCTL " status"), "Queue dropped     : 3\n"));
	ipq_destroy_handle(h);
}

Test(status, what_did_not_fit_the_receive_buffer_is_counted_as_dropped_too)
{
	struct queue_figures figures;
	struct ipq_handle *h;
	char wanted[64];

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	setenv("LIBIPQ_RCVBUF", "1", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	for (int i = 0; i < 30; i++)
		udp_say(AF_INET, 7, "x");
	cr_assert(queue_figures(0, &figures) && figures.dropped_socket > 0);
	snprintf(wanted, sizeof(wanted), "Netlink dropped   : %u\n",
		 figures.dropped_socket);
	assert_says(shell(IPQCTL " status")->text, wanted);
	ipq_destroy_handle(h);
}

Test(status, the_length_the_program_was_started_with_is_shown)
{
	static const struct {
		const char *setting, *shown;
	} rows[] = {
		{ "7", ": 7\n" }, { "0", ": 0\n" }, { "-1", ": 4294967295\n" },
	};
	char wanted[64];

	network_enter();
	for (int i = 0; i < 3; i++) {
		struct tool tool = tool_start(0, "LIBIPQ_MAXLEN=%s exec " IPQCTL " try",
					      rows[i].setting);

		snprintf(wanted, sizeof(wanted), "Queue max. length %s", rows[i].shown);
		assert_says(shell(IPQCTL " status")->text, wanted);
		tool_stop(&tool);
	}
}

Test(status, a_script_can_read_it)
{
	struct ipq_handle *h;
	char wanted[128];

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 100);
	snprintf(wanted, sizeof(wanted), "[0, 'ipv4', %d, 2, 100, 0, 1024]\n", getpid());
	cr_assert_str_eq(shell(IPQCTL " status --json | "
			       JSON("*[[q['queue'], q['family'], q['process'], "
				    "q['mode'], q['range'], q['waiting'], q['max']] "
				    "for q in d['queues']]"))->text, wanted);
	ipq_destroy_handle(h);
	cr_assert_str_eq(shell(IPQCTL " status --json | " JSON("d['queues']"))->text,
			 "[]\n");
}

/* Checks a line: packets that wait, dropped for either reason, and packets per second.
 * before: how many waited at the last look. Returns how many wait. */
static unsigned int look(const char *line, unsigned int before)
{
	unsigned int queue, pid, shown[4];

	cr_assert(sscanf(line, "%u %u %u %u %u %u", &queue, &pid, &shown[0], &shown[1],
			 &shown[2], &shown[3]) == 6, "%s", line);
	cr_assert(queue == 0 && pid == (unsigned int)getpid() && shown[0] >= before &&
		  shown[1] == 0 && shown[2] == 0, "%s", line);
	cr_assert((shown[3] > 0) == (shown[0] > before), "rate: %s", line);
	return shown[0];
}

Test(status, watching_shows_what_waits_and_how_fast_it_comes)
{
	unsigned int waiting = 1, looks = 1;
	struct ipq_handle *h;
	struct tool tool;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 7, "x");
	tool = tool_start(-1, "exec " IPQCTL " status --watch --interval 100");
	assert_says(tool_line(&tool), "waiting");
	cr_assert(look(tool_line(&tool), 1) == 1);
	for (int i = 0; i < 5; i++)
		udp_say(AF_INET, 7, "x");
	/* it may look while they are sent */
	for (; waiting < 6; looks++) {
		cr_assert(looks < 100);
		waiting = look(tool_line(&tool), waiting);
	}
	cr_assert(waiting == 6 && look(tool_line(&tool), 6) == 6);
	tool_stop(&tool);
	cr_assert(shell(IPQCTL " status --watch --interval 1 --count 2")->status == 0);
	ipq_destroy_handle(h);
}

Test(status, status_without_privilege_says_what_it_cannot_read)
{
	static const char nobody[] = "setpriv --reuid 65534 --regid 65534 --clear-groups";
	const struct printed *printed;

	network_enter();
	if (shell("%s " IPQCTL " --version", nobody)->status)
		cr_skip_test("ipqctl cannot be run as another user here");
	printed = shell("%s " IPQCTL " status", nobody);
	cr_assert(printed->status == 1);
	assert_one_line(printed->text);
	assert_says(printed->text, "nfnetlink_queue: Permission denied; run as root");
}

Test(status, root_of_a_namespace_whose_files_are_nobodys_is_told_how_to_make_it)
{
	static const char inside[] = "setpriv --reuid 65534 --regid 65534 --clear-groups "
				     "unshare -Urn";
	static const char *const subcommands[] = { "status", "check" };

	if (shell("%s " IPQCTL " --version", inside)->status)
		cr_skip_test("ordinary users cannot create user namespaces here");
	for (int i = 0; i < 2; i++) {
		const struct printed *printed = shell("%s " IPQCTL " %s", inside,
						      subcommands[i]);

		cr_assert(printed->status == 1);
		line_with(printed, "unshare --net PROGRAM");
	}
}
