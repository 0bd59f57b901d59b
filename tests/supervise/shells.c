/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts of ip_queue's time for a shell into which no library can be loaded: that of a
 * static busybox. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "process.h"

#define IPQ_RUN given("SUPERVISOR")
#define IPTABLES "/sbin/iptables-legacy"
#define SYSCTL "/proc/sys/net/ipv4/ip_queue_maxlen"

static char said[8192], shell[4096];

static void enter(void)
{
	static char lock[] = "/tmp/libipq-shells-XXXXXX";

	if (run_output(shell, sizeof(shell), "command -v busybox") ||
	    !run_output(said, sizeof(said), "ldd $(command -v busybox)"))
		cr_skip_test("no static busybox: %s", said);
	shell[strcspn(shell, "\n")] = '\0';
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	cr_assert(mkdtemp(lock));
	run("rmdir %s", lock);
	setenv("XTABLES_LOCKFILE", lock, 1);
	network_enter();
}

TestSuite(shells, .init = enter, .timeout = 60);

static void says(const char *script, const char *expected)
{
	setenv("SCRIPT", script, 1);
	run_output(said, sizeof(said), "%s -q 5 %s ash -c \"$SCRIPT\"", IPQ_RUN, shell);
	cr_assert_str_eq(said, expected, "%s\nsaid \"%s\" and not \"%s\"", script, said,
			 expected);
}

Test(shells, a_start_script_serves_with_a_static_program)
{
	int heard = udp_open(AF_INET, HEARD);
	char script[4096];
	struct child c;

	snprintf(script, sizeof(script),
		 "set -e; /sbin/modprobe ip_queue; echo 2048 > " SYSCTL "; " IPTABLES
		 " -A OUTPUT -p udp --dport %d -j QUEUE; "
		 "sed -n '1p;5p' /proc/net/ip_queue; exec %s/stock 2", HEARD,
		 given("PROGRAMS"));
	child_start(&c, NULL, IPQ_RUN, "-q", "5", shell, "ash", "-c", script, NULL);
	child_says(&c, "Peer PID          : 0");
	child_says(&c, "Queue max. length : 2048");
	child_says(&c, "ready");
	child_is_served(&c, heard);
}

#define RULE " -A OUTPUT -p udp -j QUEUE; "
#define LIST IPTABLES " -S OUTPUT | grep ^-A; " IPTABLES " -F"
#define MADE "-A OUTPUT -p udp -j NFQUEUE --queue-num 5\n"

Test(shells, commands_are_met_by_any_path_and_with_an_empty_environment)
{
	says(IPTABLES RULE LIST, MADE);
	says("cd /; sbin/iptables-legacy" RULE LIST, MADE);
	says("env -i " IPTABLES RULE LIST, MADE);
	says("unset LIBIPQ_QUEUE; exec env -i " IPTABLES RULE, "");
	says(LIST, MADE);
	says("(exec " IPTABLES " -A OUTPUT -p udp -j QUEUE) & wait $!; " LIST, MADE);
	says("env -i /sbin/modprobe ip_queue && /sbin/rmmod ip6_queue && echo there",
	     "there\n");
	says("/sbin/lsmod | sed -n '2,3s/ .*//p'", "ip6_queue\nip_queue\n");
}

Test(shells, no_iptables_leaves_every_command_alone)
{
	setenv("SCRIPT", "/sbin/modprobe ip_queue || echo none", 1);
	cr_assert(!run_output(said, sizeof(said), "%s -n %s ash -c \"$SCRIPT\" 2> /dev/null",
			      IPQ_RUN, shell));
	cr_assert_str_eq(said, "none\n");
}

/* The shell itself opens it, and writes by another number. */
Test(shells, a_sysctl_holds_for_whoever_is_asked_next)
{
	says("echo 77 > " SYSCTL "; cat " SYSCTL, "77\n");
	says("exec 5> " SYSCTL "; echo 78 >&5; exec 5>&-; cat " SYSCTL,
	     "78\n");
	says("cd /proc/sys/net/ipv6 && echo 79 > ip6_queue_maxlen && cat ip6_queue_maxlen",
	     "79\n");
	says("sysctl -w net.ipv4.ip_queue_maxlen=80", "net.ipv4.ip_queue_maxlen = 80\n");
	says("{ echo abc > " SYSCTL "; } 2> /dev/null || cat " SYSCTL, "80\n");
	says("grep -c . /proc/net/ip_queue /proc/net/ip6_queue",
	     "/proc/net/ip_queue:7\n/proc/net/ip6_queue:7\n");
}

/* A call that is handed over may be ended by a signal; that of a file's name never is, in
 * a script that does not look for the module's. */
Test(shells, redirections_are_not_interrupted_by_children_that_end)
{
	says("i=0; while [ $i -lt 500 ]; do i=$((i+1)); (:) & : < /dev/null; "
	     "[ -e /dev/null ] || echo interrupted; done; echo done", "done\n");
}

Test(shells, who_is_no_administrator_may_read_and_not_write)
{
	says("echo 81 > " SYSCTL, "");
	run_output(said, sizeof(said), "%s --supervise %s --reuid 65534 --clear-groups %s ash "
		   "-c 'cat " SYSCTL "; test -w " SYSCTL " || echo no; "
		   "{ echo 82 > " SYSCTL "; } 2> /dev/null || echo refused; cat " SYSCTL "'",
		   IPQ_RUN, given("SETPRIV"), shell);
	cr_assert_str_eq(said, "81\nno\nrefused\n81\n");
}
