/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A complete start script in the style of 2005 (examples/filter.init), unchanged under
 * ipq-run, with the shells and commands of the distribution. */
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "process.h"

#define IPQ_RUN given("IPQ_RUN")
#define IPTABLES "/sbin/iptables"

static char said[8192];

/* Whether the system's iptables can make rules with NFQUEUE. */
static bool makes_rules(void)
{
	return !run_output(said, sizeof(said), IPTABLES " -A OUTPUT -j NFQUEUE --queue-num 9 "
			   "&& " IPTABLES " -F");
}

/* In a mount namespace of its own. Only the nft variant may lack
 * support in the kernel. */
static void put_legacy_in_its_place(void)
{
	fprintf(stderr, "%s: %s; with iptables-legacy instead\n", IPTABLES, said);
	cr_assert(!unshare(CLONE_NEWNS));
	cr_assert(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	if (run_output(said, sizeof(said), "mount --bind $(readlink -f $(command -v "
		       "iptables-legacy)) $(readlink -f " IPTABLES ")") || !makes_rules())
		cr_skip_test("iptables cannot make rules here: %s", said);
}

static void enter(void)
{
	static char lock[] = "/tmp/libipq-start-script-XXXXXX";

	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	unsetenv("LD_PRELOAD");
	unsetenv("LIBIPQ_QUEUE");
	unsetenv("LIBIPQ_MAXLEN");
	cr_assert(mkdtemp(lock));
	run("rmdir %s", lock);
	setenv("XTABLES_LOCKFILE", lock, 1);
	network_enter();
	if (!makes_rules())
		put_legacy_in_its_place();
}

TestSuite(start_script, .init = enter, .timeout = 100);

static void stops(const char *shell)
{
	cr_assert(!run_output(said, sizeof(said), "%s -q 5 %s %s stop", IPQ_RUN, shell,
			      given("START_SCRIPT")), "%s: %s", shell, said);
	cr_assert_str_eq(said, "Filter stopped\n");
	cr_assert(run_output(said, sizeof(said), IPTABLES " -S | grep -e -A -e -N"),
		  "%s leaves %s", shell, said);
}

static void starts_and_filters(const char *shell)
{
	static const char *const lines[] = {
		"Loading module: ip_queue", "net.ipv4.ip_queue_maxlen = 2048",
		"Setting rules", "Peer PID          : 0", "Copy mode         : 0",
		"Copy range        : 0", "Queue length      : 0",
		"Queue max. length : 4096", "Queue dropped     : 0",
		"Netlink dropped   : 0", "Starting filter", "ready",
	};
	int heard = udp_open(AF_INET, HEARD);
	struct child c;

	child_start(&c, NULL, IPQ_RUN, "-q", "5", shell, given("START_SCRIPT"), "start", "2",
		    NULL);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		child_says(&c, lines[i]);
	run_output(said, sizeof(said), IPTABLES " -S | grep -e -A");
	cr_assert_str_eq(said, "-A OUTPUT ! -o eth9 -j filtered\n-A filtered ! -s 10.0.0.0/8 "
			 "-p udp -m udp ! --dport 8:65535 -j NFQUEUE --queue-num 5\n",
			 "%s makes %s", shell, said);
	child_is_served(&c, heard);
	close(heard);
}

Test(start_script, a_script_of_2005_loads_sets_and_filters_unchanged)
{
	static const char *const shells[] = { "sh", "dash", "bash" };
	char filter[512];

	snprintf(filter, sizeof(filter), "%s/stock", given("PROGRAMS"));
	setenv("FILTER", filter, 1);
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (run_output(said, sizeof(said), "command -v %s", shells[i]))
			continue;
		starts_and_filters(shells[i]);
		stops(shells[i]);
	}
}

/* Each of its steps fails. */
Test(start_script, alone_the_script_of_2005_fails_on_this_kernel)
{
	cr_assert(run_output(said, sizeof(said), "sh %s start", given("START_SCRIPT")) != 0);
}
