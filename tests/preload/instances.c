/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq-run --instances runs an old program several times, with packets spread over the
 * instances by their addresses, and a process that supervises them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "process.h"
#include "two.h"

static char said[8192];

TestSuite(instances, .init = two_forget_settings, .timeout = 60);

/* Runs a shell command. Its output is in said. */
#define RUN(...) run_output(said, sizeof(said), __VA_ARGS__)

/* The number of this host's addresses that packets are sent to. */
#define ADDRESSES 64
#define EACH 5

struct flows {
	int family, heard;
	int queue[ADDRESSES];		/* of each address; 0: not known yet */
	int packets[2];			/* read by each of the two programs */
};

static const char *flow_address(const struct flows *f, int i)
{
	static char text[64];

	snprintf(text, sizeof(text), f->family == AF_INET ? "127.1.0.%d" : "fd07::%x",
		 i + 1);
	return text;
}

static void prepare_flows(struct flows *f, int family)
{
	*f = (struct flows) { .family = family };
	network_enter();
	run("ip -6 route add local fd07::/64 dev lo");
	f->heard = udp_open(family, HEARD);
}

static void start_flows(struct flows *f, struct two *t, int family)
{
	prepare_flows(f, family);
	two_start(t, "flows", family == AF_INET ? "3" : "13");
	/* the rule that ipq-run prints, by a variant of iptables that
	 * works without nft */
	run("%s -A INPUT -j NFQUEUE --queue-balance 3:4",
	    family == AF_INET ? "iptables-legacy" : "ip6tables-legacy");
}

/* Sends to all addresses. Packets for this queue number must arrive (0: for any), and no
 * others. Returns how many did. */
static int send_flows(const struct flows *f, int queue)
{
	int fd = udp_open(f->family, 0), heard = 0;
	char text[64];

	for (int i = 0; i < ADDRESSES; i++)
		for (int n = 0; n < EACH; n++) {
			cr_assert(udp_send(fd, flow_address(f, i), HEARD, "x", 1) == 1);
			if (queue && f->queue[i] != queue)
				continue;
			cr_assert(udp_hear(f->heard, text, sizeof(text), DEADLINE) == 1,
				  "a packet to %s is lost", flow_address(f, i));
			heard++;
		}
	cr_assert(udp_hear(f->heard, text, sizeof(text), 0) == -1);
	close(fd);
	return heard;
}

/* The packets for an address must come to one queue. Returns how many addresses the
 * first queue has. */
static int learn_queues(struct flows *f, struct two *t)
{
	int queue, i, in_first = 0;
	char address[64];

	for (int n = 0; n < ADDRESSES; n++) {
		const char *line = child_line(&t->c);

		cr_assert(sscanf(line, "%d to %63s", &queue, address) == 2, "%s", line);
		for (i = 0; i < ADDRESSES && strcmp(flow_address(f, i), address); i++)
			;
		cr_assert(i < ADDRESSES && f->queue[i] == 0, "%s", line);
		f->queue[i] = queue;
		in_first += queue == 3;
	}
	return in_first;
}

/* Ends the instances. "count" of them print how many packets they have read.
 * Returns the sum. */
static int end_flows(struct flows *f, struct two *t, int count)
{
	int queue, packets, status, sum = 0;

	cr_assert(!kill(t->c.pid, SIGTERM));
	for (int i = 0; i < 2 * count; i++) {
		const char *line = child_line(&t->c);

		if (sscanf(line, "%d packets %d", &queue, &packets) == 2) {
			f->packets[queue - 3] = packets;
			sum += packets;
		} else {
			cr_assert(sscanf(line, "ipq-run: instance %*d, pid %*d, queue "
					 "%*d: exit status %d", &status) == 1 &&
				  status == 0, "%s", line);
		}
	}
	return sum;
}

static void expect_spread(struct flows *f, struct two *t)
{
	int first;

	cr_assert(send_flows(f, 0) == ADDRESSES * EACH);
	first = learn_queues(f, t);
	cr_assert(first > 0 && first < ADDRESSES, "%d in the first", first);
	cr_assert(end_flows(f, t, 2) == ADDRESSES * EACH);
	cr_assert(f->packets[0] == first * EACH);
	child_ends_well(&t->c);
}

Test(instances, flows_spread_over_them_by_the_rule_told_and_every_packet_is_decided_on)
{
	struct flows f;
	struct two t;

	start_flows(&f, &t, AF_INET);
	expect_spread(&f, &t);
}

Test(instances, flows_of_ipv6_spread_likewise)
{
	struct flows f;
	struct two t;

	start_flows(&f, &t, AF_INET6);
	expect_spread(&f, &t);
}

/* With the system's default iptables. */
Test(instances, flows_spread_by_the_rules_that_they_make_themselves)
{
	char command[8192];
	struct flows f;
	struct two t;

	prepare_flows(&f, AF_INET);
	if (RUN("iptables -A INPUT -j NFQUEUE --queue-balance 3:4"))
		cr_skip_test("iptables: %s", said);
	run("iptables -F INPUT");
	snprintf(command, sizeof(command), "iptables -w -A INPUT -p udp -j QUEUE && "
		 "exec %s 3", two_program("flows"));
	child_start(&t.c, NULL, IPQ_RUN, "-q", "3", "-i", "2", "sh", "-c", command, NULL);
	two_say_rules(&t);
	two_get_ready(&t);
	cr_assert(RUN("iptables -S INPUT | grep -c 'NFQUEUE --queue-balance 3:4'") == 0 &&
		  !strcmp(said, "2\n"), "%s", said);
	expect_spread(&f, &t);
}

Test(instances, an_instance_that_dies_leaves_the_other_its_packets)
{
	struct flows f;
	struct two t;
	int first, rest;

	start_flows(&f, &t, AF_INET);
	send_flows(&f, 0);
	first = learn_queues(&f, &t);
	cr_assert(!kill(t.pid[0], SIGKILL));
	child_says(&t.c, two_report(&t, 0, "killed by SIGKILL"));
	rest = send_flows(&f, 4);
	cr_assert(rest == (ADDRESSES - first) * EACH);
	cr_assert(end_flows(&f, &t, 1) == 2 * rest);
	cr_assert(child_end(&t.c) == 128 + SIGKILL);
}

#define SHOW "sh -c 'echo $LIBIPQ_QUEUE,$LIBIPQ_QUEUE6,$IPQ_RUN_BALANCE," \
	     "$IPQ_RUN_BALANCE6' 2>/dev/null | sort"

static void expect_shown(const char *options, const char *text)
{
	cr_assert(RUN("%s %s " SHOW, IPQ_RUN, options) == 0);
	cr_assert_str_eq(said, text, "%s: \"%s\" and not \"%s\"", options, said, text);
}

Test(instances, each_has_queue_numbers_of_its_own)
{
	expect_shown("-i 3", "0,,0:2,0:2\n1,,0:2,0:2\n2,,0:2,0:2\n");
	expect_shown("-q 65534 --instances=2",
		     "65534,,65534:65535,65534:65535\n65535,,65534:65535,65534:65535\n");
	expect_shown("-q 5 -6 7 -i 2", "5,7,5:6,7:8\n6,8,5:6,7:8\n");
	expect_shown("-q 5 -6 3 -i 2", "5,3,5:6,3:4\n6,4,5:6,3:4\n");
	setenv("LIBIPQ_QUEUE", "8", 1);
	setenv("LIBIPQ_QUEUE6", "2", 1);
	expect_shown("-i 2", "8,2,8:9,2:3\n9,3,8:9,2:3\n");
	/* --queue-balance needs two numbers at least */
	setenv("IPQ_RUN_BALANCE", "1:9", 1);
	setenv("IPQ_RUN_BALANCE6", "1:9", 1);
	expect_shown("-i 1", "8,2,,\n");
	/* for a program that an instance starts with another queue number */
	expect_shown("-q 7", "7,2,,\n");
	cr_assert(RUN("%s -i 1 true", IPQ_RUN) == 0);
	assert_says(said, "iptables -A INPUT -j NFQUEUE --queue-num 8\n");
	assert_says(said, "ip6tables -A INPUT -j NFQUEUE --queue-num 2\n");
}

Test(instances, queues_there_are_not_or_more_than_one_each_are_refused)
{
	static const struct {
		const char *environment, *words, *named;
	} rows[] = {
		{ "", "-i 0", "--instances 0: expected a number from 1 to 256" },
		{ "", "-i 257", "--instances 257" },
		{ "", "-i -1", "--instances -1" },
		{ "", "-i 2x", "--instances 2x" },
		{ "", "-i ''", "--instances" },
		{ "", "-i 2 -q 65535", "LIBIPQ_QUEUE=65535: expected queues up to 65535" },
		{ "", "-i 256 -q 65281", "not 65536" },
		{ "", "-i 3 -6 65534", "LIBIPQ_QUEUE6=65534" },
		{ "", "-i 2 -q 4-7", "each instance has one queue" },
		{ "", "-i 2 -6 4-7", "each instance has one queue" },
		{ "LIBIPQ_QUEUE=4-7", "-i 2", "LIBIPQ_QUEUE=4-7" },
		{ "LIBIPQ_QUEUE6=x", "-i 2", "LIBIPQ_QUEUE6=x" },
		{ "LIBIPQ_QUEUE=", "-i 2", "LIBIPQ_QUEUE=:" },
		{ "LIBIPQ_QUEUE=:", "-i 2", "LIBIPQ_QUEUE=::" },
		{ "LIBIPQ_QUEUE=65536", "-i 2", "LIBIPQ_QUEUE=65536:" },
		{ "LIBIPQ_QUEUE=4294967296", "-i 2", "LIBIPQ_QUEUE=4294967296:" },
		{ "LIBIPQ_QUEUE=99999999999999999999", "-i 2", "99999999999999999999:" },
		{ "", "-i 3 -q 4 -6 6", "queues 4 to 6 and, for IPv6, 6 to 8 overlap" },
		{ "", "-i 3 -q 6 -6 4", "overlap" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert(RUN("%s %s %s echo started", rows[i].environment, IPQ_RUN,
			      rows[i].words) == 125, "%s", rows[i].words);
		assert_one_line(said);
		assert_says(said, rows[i].named);
	}
}

Test(instances, as_many_as_there_may_be_come_to_an_end)
{
	cr_assert(RUN("%s -i 256 true 2>&1 | grep -c ': exit status 0$'", IPQ_RUN) == 0);
	cr_assert_str_eq(said, "256\n");
}

Test(instances, an_instance_killed_before_it_begins_is_reported_and_leaves_the_other)
{
	struct two t;
	int n = 0;

	setenv("KILLED", "", 1);
	child_start(&t.c, given("HINDERED_BY"), IPQ_RUN, "-q", "3", "-i", "2",
		    two_program("told"), NULL);
	two_say_rules(&t);
	cr_assert(sscanf(child_line(&t.c), "ipq-run: instance 1, pid %*d, queue 3: "
			 "killed by SIGKILL%n", &n) == 0 && n);
	cr_assert(sscanf(child_line(&t.c), "4 ready %d", &t.pid[1]) == 1);
	cr_assert(!kill(t.c.pid, SIGTERM));
	two_say_all(&t.c, (const char *[]) { "4 TERM", two_report(&t, 1, "exit status 0") }, 2);
	cr_assert(child_end(&t.c) == 128 + SIGKILL);
}

/* It would have no ipq-run to pass signals to it and to report on it. */
Test(instances, an_instance_whose_ipq_run_is_gone_before_it_begins_does_not_begin)
{
	struct child c;

	setenv("ORPHANED", "", 1);
	child_start(&c, given("HINDERED_BY"), IPQ_RUN, "-i", "2", "/bin/echo", "begun",
		    NULL);
	cr_assert(child_end(&c) == 128 + SIGKILL, "%s", c.text);
	cr_assert(!strstr(c.text, "begun\n"), "%s", c.text);
}

Test(instances, processes_it_had_before_it_became_ipq_run_are_none_of_them)
{
	struct two t;

	child_start(&t.c, NULL, "/bin/sh", "-c", "(exit 9) & exec $0 -q 3 -i 2 $1",
		    IPQ_RUN, two_program("told"), NULL);
	two_say_rules(&t);
	two_get_ready(&t);
	two_end(&t, t.c.pid);
	child_ends_well(&t.c);
}

Test(instances, signals_that_seldom_kill_are_told_by_number)
{
	cr_assert(RUN("%s -i 1 sh -c 'kill -16 $$'", IPQ_RUN) == 128 + 16);
	assert_says(said, "killed by signal 16\n");
	cr_assert(RUN("%s -i 1 sh -c 'kill -40 $$'", IPQ_RUN) == 128 + 40);
	assert_says(said, "killed by signal 40\n");
}

/* Instances that have not failed yet are ended. The reason is printed once. */
Test(instances, a_program_whose_loader_is_not_there_ends_all_with_127)
{
	char place[] = "/tmp/libipq-instances-XXXXXX", *error;
	int status;

	cr_assert(mkdtemp(place));
	run("cd %s && sed 's|/ld-|/no-|' %s/raw > stray && chmod +x stray", place,
	    given("PROGRAMS"));
	status = RUN("%s -i 16 %s/stray", IPQ_RUN, place);
	run("rm -r %s", place);
	cr_assert(status == 127, "%s", said);
	error = strstr(said, "/stray: No such file or directory\n");
	cr_assert(error && !strstr(strchr(error, '\n'), "No such file"), "%s", said);
}

Test(instances, without_descriptors_for_them_none_is_started)
{
	cr_assert(RUN("ulimit -n 4; %s -i 2 /bin/echo begun", IPQ_RUN) == 126);
	assert_says(said, "/bin/echo: Too many open files\n");
	cr_assert(!strstr(said, "begun\n"), "%s", said);
}

Test(instances, the_first_that_fails_gives_the_exit_status)
{
	struct two t;

	child_start(&t.c, NULL, IPQ_RUN, "-q", "3", "-i", "2", "/bin/sh", "-c",
		    "echo $LIBIPQ_QUEUE ready $$; read go; exit $LIBIPQ_QUEUE", NULL);
	two_say_rules(&t);
	two_get_ready(&t);
	cr_assert(!kill(t.pid[1], SIGTERM));
	child_says(&t.c, two_report(&t, 1, "killed by SIGTERM"));
	child_tell(&t.c, "go");
	child_says(&t.c, two_report(&t, 0, "exit status 3"));
	cr_assert(child_end(&t.c) == 128 + SIGTERM);

	child_start(&t.c, NULL, IPQ_RUN, "-q", "3", "-i", "2", "/bin/sh", "-c",
		    "echo $LIBIPQ_QUEUE ready $$; read go; exit $go", NULL);
	two_say_rules(&t);
	two_get_ready(&t);
	child_tell(&t.c, "0");
	assert_says(child_line(&t.c), ": exit status 0");
	child_tell(&t.c, "7");
	cr_assert(child_end(&t.c) == 7);
}

Test(instances, none_outlives_ipq_run)
{
	struct two t;

	two_start(&t, "told", NULL);
	cr_assert(!kill(t.c.pid, SIGKILL));
	two_say(&t, "TERM");
	cr_assert(child_end(&t.c) == 128 + SIGKILL);
	cr_assert_str_empty(t.c.text);
}

Test(instances, an_instance_that_cannot_be_executed_ends_the_others)
{
	struct child c;

	setenv("HINDERED", "4", 1);
	child_start(&c, given("HINDERED_BY"), IPQ_RUN, "-q", "3", "-i", "2",
		    two_program("told"), NULL);
	cr_assert(child_end(&c) == 126, "%s", c.text);
	assert_says(c.text, "/told: Text file busy\n");
	assert_says(c.text, "ipq-run: instance 1, ");
	cr_assert(!strstr(c.text, "ipq-run: instance 2, "), "%s", c.text);
}

Test(instances, nobody_need_read_the_reports)
{
	cr_assert(RUN("p=$(mktemp -u) && mkfifo $p && exec 3<>$p 4>$p 3<&- && rm $p && "
		      "%s -i 2 sh -c 'exit 3' 2>&4", IPQ_RUN) == 3, "%s", said);
}
