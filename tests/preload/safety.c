/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq-run and its wrappers on systems where something is missing, and against users with
 * bad intentions. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"
#include "place.h"
#include "process.h"

#define IPQ_RUN given("IPQ_RUN")
#define WRAPPERS "$(dirname $IPQ_RUN)/wrappers"
#define RULE "/sbin/iptables -A OUTPUT -p udp -j QUEUE"

static void begin(void)
{
	make_place();
	cr_assert(!chdir(place));
	setenv("XTABLES_LOCKFILE", strcat(strcpy(said, place), "/lock"), 1);
}

TestSuite(safety, .init = begin, .fini = remove_place, .timeout = 60);

/* Enters a network namespace and a mount namespace. */
static void enter(void)
{
	network_enter();
	cr_assert(!unshare(CLONE_NEWNS));
	cr_assert(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

/* The program "stock 2" must be served when it is run under ipq-run by the script. */
static void is_served(const char *script)
{
	int heard = udp_open(AF_INET, HEARD);
	char stock[512];
	struct child c;

	snprintf(stock, sizeof(stock), "%s/stock", given("PROGRAMS"));
	run("iptables-legacy -A OUTPUT -p udp --dport %d -j QUEUE", HEARD);
	child_start(&c, NULL, "/bin/sh", "-c", script, IPQ_RUN, stock, "2", NULL);
	child_says(&c, "ready");
	child_is_served(&c, heard);
	close(heard);
}

Test(safety, where_proc_is_missing_a_line_says_so_and_the_program_is_served)
{
	char line[] = "ipq-run: /proc is not mounted here: the program finds none of the "
		      "module's files, and no sysctls\n";

	enter();
	/* stderr goes to a file, so that the program's lines are the first */
	is_served("unshare -m sh -c 'mount -t tmpfs none /proc; exec \"$0\" \"$@\" 2> err' "
		  "\"$0\" \"$@\"");
	run_output(said, sizeof(said), "cat err");
	cr_assert_str_eq(said, line);
	cr_assert(!run_output(said, sizeof(said), "mount -t tmpfs none /proc && %s sh -c "
			      "'/sbin/modprobe ip_queue && env -i sh -c \"echo follows\" && "
			      "! cat /proc/net/ip_queue 2> /dev/null' 2> err", IPQ_RUN));
	cr_assert_str_eq(said, "follows\n");
}

Test(safety, with_hardly_a_descriptor_left_the_program_is_served)
{
	enter();
	is_served("ulimit -n 4; exec \"$0\" \"$@\"");
	run_output(said, sizeof(said), "ulimit -n 4; exec %s sh -c '/sbin/modprobe ip_queue && "
		   "echo loaded && exec head -n 1 /proc/net/ip_queue'", IPQ_RUN);
	assert_says(said, "loaded\n");
	/* a call that needs another descriptor fails, as with the kernel */
	cr_assert(strstr(said, "Peer PID          : 0\n") ||
		  strstr(said, "Too many open files\n"), "%s", said);
}

/* In a mount namespace of its own, so that removing the test's directory does not
 * meet the mounts. */
#define APART(script) "unshare -m sh -euc '" script "' \"$0\" \"$@\""

#define FULL "mount -t tmpfs -o size=4k none full; cd full; export TMPDIR=.; "	\
	"dd if=/dev/zero of=all bs=4k count=1 2> /dev/null; "			\
	"! echo no 2> /dev/null > more; "

Test(safety, on_a_full_disk_the_program_is_served_and_rules_are_made)
{
	enter();
	run("mkdir full");
	is_served(APART(FULL "exec \"$0\" \"$@\""));
	setenv("SCRIPT", RULE " && echo made && head -n 1 /proc/net/ip_queue && "
	       "lsmod | grep -c ip_queue && printf \"*filter\n-A OUTPUT -j QUEUE\nCOMMIT\n\" | "
	       "env -i /sbin/iptables-restore -n -t", 1);
	setenv("IPQ_RUN", IPQ_RUN, 1);
	cr_assert(!run_output(said, sizeof(said), APART(FULL "exec $IPQ_RUN sh -c \"$SCRIPT\"")),
		  "%s", said);
	cr_assert_str_eq(said, "made\nPeer PID          : 0\n1\n");
}

#define READ_ONLY "mount --bind / root; mount -t proc proc root/proc; "		\
	"mount --bind /dev root/dev; mount -o remount,ro,bind root; "

Test(safety, on_a_read_only_root_the_program_is_served_and_rules_are_made)
{
	enter();
	run("mkdir root");
	is_served(APART(READ_ONLY "exec chroot root \"$0\" \"$@\""));
	setenv("SCRIPT", "! touch /none 2> /dev/null && " RULE " && echo made && "
	       "head -n 1 /proc/net/ip_queue", 1);
	setenv("IPQ_RUN", IPQ_RUN, 1);
	setenv("XTABLES_LOCKFILE", "/dev/null", 1);
	cr_assert(!run_output(said, sizeof(said), APART(READ_ONLY "exec chroot root $IPQ_RUN "
			      "sh -c \"$SCRIPT\"")), "%s", said);
	cr_assert_str_eq(said, "made\nPeer PID          : 0\n");
}

/* With any PATH, and with ipq-run several times. */
Test(safety, a_command_that_is_nowhere_is_looked_for_once_and_for_all)
{
	static const char *const paths[] = {
		"PATH=" WRAPPERS, "PATH=" WRAPPERS ":" WRAPPERS ":.", "PATH=copy:linked",
		"PATH=linked:copy:" WRAPPERS ":::copy",
	};
	char command[1024];

	setenv("IPQ_RUN", IPQ_RUN, 1);
	run("mkdir copy linked && cp " WRAPPERS "/iptables copy/ip6tables-nft && "
	    "ln -s " WRAPPERS "/ip6tables-nft linked/");
	enter();
	/* hide the system's own command */
	run("for dir in /usr/sbin /sbin; do [ ! -e $dir/ip6tables-nft ] || "
	    "mount --bind /dev/null $(readlink -f $dir/ip6tables-nft); done");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(command, sizeof(command), "exec timeout 10 $IPQ_RUN $IPQ_RUN $IPQ_RUN "
			 "/bin/sh -c '%s; ip6tables-nft -j QUEUE'", paths[i]);
		cr_assert(run_output(said, sizeof(said), "%s", command) >= 126, "%s: %s",
			  paths[i], said);
	}
}

Test(safety, a_wrapper_named_as_the_command_it_stands_for_ends)
{
	setenv("IPQ_RUN", IPQ_RUN, 1);
	run("mkdir bad && ln -s $(readlink -f " WRAPPERS "/iptables) bad/instead-of && "
	    "cp " WRAPPERS "/iptables iptables");
	/* a copy takes itself for the real command, and runs the real one in the end */
	cr_assert(run_output(said, sizeof(said), "timeout 10 $IPQ_RUN ./iptables --version") ==
		  0, "%s", said);
	assert_says(said, "iptables v");
	cr_assert(run_output(said, sizeof(said), "IPQ_RUN_WRAPPERS=$PWD/bad LD_PRELOAD=%s "
			     "timeout 10 sh -c './iptables --version; :'", PRELOAD) == 0);
	cr_assert(run_output(said, sizeof(said), "timeout 10 bad/instead-of bad/instead-of "
			     "iptables --version") != 124);
}

/* The library is linked to it, as the loader does not preload it into a
 * setuid program. */
Test(safety, a_setuid_program_takes_no_commands_from_its_callers_environment)
{
	static const char plant[] = "#!/bin/sh\necho planted\n";
	char user[512];

	if (geteuid())
		SKIP("only root can make a program setuid");
	snprintf(user, sizeof(user), "%s --reuid=65534 --clear-groups --", given("SETPRIV"));
	setenv("PLANT", plant, 1);
	setenv("PRELOAD", PRELOAD, 1);
	run("printf '%%s' \"$PLANT\" > instead-of && chmod 755 instead-of && "
	    "cp $PRELOAD libipq-preload.so && chmod 755 libipq-preload.so");
	run("echo 'extern char **environ; int execve(); int socket(); int main(int n, char **w) "
	    "{ socket(16, 3, 3); execve(w[1], w + 1, environ); return 9; }' > x.c && "
	    "cc -w -o x x.c -Wl,--no-as-needed ./libipq-preload.so "
	    "-Wl,-rpath,'%s' && chmod 755 x", place);
	setenv("IPQ_RUN_WRAPPERS", place, 1);
	setenv("IPQ_RUN_FOLLOW", strcat(strcpy(said, place), "/libipq-preload.so"), 1);
	if (run_output(said, sizeof(said), "%s ./x /bin/echo follows", user))
		SKIP("another user cannot run programs here: %s", said);
	/* a program that is not setuid uses the environment */
	run_output(said, sizeof(said), "%s ./x /sbin/modprobe ip_queue", user);
	cr_assert_str_eq(said, "planted\n");
	run("chmod 4755 x");
	run_output(said, sizeof(said), "%s ./x /sbin/modprobe --no-such-option", user);
	cr_assert(!strstr(said, "planted"), "%s", said);
	cr_assert(!run_output(said, sizeof(said), "LD_PRELOAD= %s ./x /usr/bin/env | "
			      "grep ^LD_PRELOAD=.", user) == 0, "%s", said);
}
