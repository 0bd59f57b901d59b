/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tries what this kernel and the tools on it can do, in a network namespace of its own
 * that does not remain. Knows nothing of the rules that are in use. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "kernel.h"
#include "queues.h"
#include "scratch.h"

#define IPTABLES(command, target) { command, "-A", "OUTPUT", "-j", target }

enum { NFT, OLD4, OLD6, LEGACY4, LEGACY6, NEW4, NEW6, ATTEMPTS };

static const struct attempt {
	const char *name;
	const char *argv[6];
	int instead;		/* what may be used instead, if that works; -1: nothing */
	const char *use, *load;	/* how to use that; else a command that may help */
} attempts[ATTEMPTS] = {
	/* nft comes first: after iptables-nft has made tables, nft says something else */
	[NFT] = { "nft … queue", { "nft", "add table inet t; add chain inet t c; "
				   "add rule inet t c queue num 0" },
		  NEW4, "use iptables -j NFQUEUE", "modprobe nft_queue" },
	[OLD4] = { "iptables -j QUEUE", IPTABLES("iptables", "QUEUE"), NEW4,
		   "write -j NFQUEUE --queue-num 0; in rule files: ipqctl rules FILE", NULL },
	[OLD6] = { "ip6tables -j QUEUE", IPTABLES("ip6tables", "QUEUE"), NEW6,
		   "write -j NFQUEUE --queue-num 0; in rule files: ipqctl rules FILE", NULL },
	[LEGACY4] = { "iptables-legacy -j QUEUE", IPTABLES("iptables-legacy", "QUEUE"), NEW4,
		      "use iptables -j NFQUEUE; the kernel may have no ip_tables any more",
		      NULL },
	[LEGACY6] = { "ip6tables-legacy -j QUEUE", IPTABLES("ip6tables-legacy", "QUEUE"),
		      NEW6, "use ip6tables -j NFQUEUE; the kernel may have no ip6_tables any "
		      "more", NULL },
	[NEW4] = { "iptables -j NFQUEUE", IPTABLES("iptables", "NFQUEUE"), NFT,
		   "use nft, with queue num 0", "modprobe xt_NFQUEUE" },
	[NEW6] = { "ip6tables -j NFQUEUE", IPTABLES("ip6tables", "NFQUEUE"), NFT,
		   "use nft, with queue num 0", "modprobe xt_NFQUEUE" },
};

struct outcome {
	int error;		/* errno if the namespace could not be made */
	enum queue_state state;
	struct lacking lacking;
	struct {
		enum command_end end;
		char failure[256];
	} attempt[ATTEMPTS];
};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		/* the commands that need it will fail, and that is reported */
		errno = 0;
	close(fd);
}

/* We may not be allowed to write iptables' lock file, and other users of iptables need
 * not wait for us. A pipe with both ends open can be opened and locked like a file, and
 * needs neither a directory nor memfd_create(2). */
static void set_lock_file(void)
{
	char path[64];
	int lock[2];

	if (pipe(lock))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", lock[0]);
	setenv("XTABLES_LOCKFILE", path, 1);
}

/* Enters a network namespace: as root, or as root of a new user namespace. */
static bool enter_namespace(void)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (!unshare(CLONE_NEWNET))
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return false;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
	return true;
}

static void try(struct outcome *outcome)
{
	struct command c;

	if (!enter_namespace()) {
		outcome->error = errno;
		return;
	}
	set_lock_file();
	outcome->state = queues_probe(0);
	outcome->lacking = kernel_lacks();
	for (int i = 0; i < ATTEMPTS; i++) {
		command_run(&c, attempts[i].argv);
		outcome->attempt[i].end = c.end;
		snprintf(outcome->attempt[i].failure, sizeof(outcome->attempt[i].failure),
			 "%s", command_failure(&c));
		command_free(&c);
	}
}

/* Tries in a child process, whose end removes the namespace. */
static bool try_apart(struct outcome *outcome)
{
	struct outcome *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t pid;

	if (shared == MAP_FAILED)
		return false;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		try(shared);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*outcome = *shared;
	munmap(shared, sizeof(*shared));
	return status == 0;
}

static bool works(const struct outcome *outcome, int i)
{
	return outcome->attempt[i].end == COMMAND_DONE;
}

static void report_failure(struct report *r, const struct outcome *outcome, int i)
{
	const struct attempt *a = &attempts[i];
	bool instead = works(outcome, a->instead);
	char *what = format("%s does not work here", a->name);
	const char *mend = instead ? a->use : NULL;

	if (!instead && !a->load)
		mend = "a rule with the target NFQUEUE is needed";
	REPORT(r, NOTE, "rule-impossible", what, outcome->attempt[i].failure, mend,
	       instead ? NULL : a->load);
	free(what);
}

static void report_attempts(struct report *r, const struct outcome *outcome)
{
	char *list = format("%s", ""), *more;

	for (int i = 0; i < ATTEMPTS; i++) {
		if (works(outcome, i)) {
			more = format("%s%s%s", list, *list ? ", " : "", attempts[i].name);
			free(list);
			list = more;
		} else if (outcome->attempt[i].end != COMMAND_MISSING) {
			/* where a command is missing, rulesets_read says so */
			report_failure(r, outcome, i);
		}
	}
	if (*list)
		REPORT(r, OK, "rules-possible",
		       "rules that give packets to a queue can be made", list);
	else
		REPORT(r, PROBLEM, "rules-impossible", "no rule that gives packets to a "
		       "queue can be made", "neither iptables nor nft could",
		       "install iptables; for one that is there", "modprobe xt_NFQUEUE");
	free(list);
}

void scratch_try(struct report *r, struct possible *possible)
{
	struct outcome outcome;

	*possible = (struct possible) { true, true, true };
	if (!try_apart(&outcome)) {
		REPORT(r, NOTE, "untried", "what the kernel can do was not tried",
		       "no process could be started for it");
	} else if (outcome.error || outcome.state == QUEUE_FORBIDDEN) {
		REPORT(r, NOTE, "untried", "what the kernel can do was not tried",
		       "no network namespace can be created", "run as root");
	} else if (outcome.state == QUEUE_ABSENT) {
		REPORT(r, PROBLEM, "no-kernel-support", "this kernel has no "
		       "nfnetlink_queue", "no program can get packets",
		       "use a kernel with CONFIG_NETFILTER_NETLINK_QUEUE, or on "
		       "the host", "modprobe nfnetlink_queue");
	} else {
		REPORT(r, OK, "kernel-support", "nfnetlink_queue is available",
		       "the kernel can give packets to programs");
		kernel_report(r, &outcome.lacking);
		report_attempts(r, &outcome);
		*possible = (struct possible) {
			works(&outcome, NEW4), works(&outcome, NEW6), works(&outcome, NFT),
		};
	}
}
