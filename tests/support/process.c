/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts other processes; changes the privilege of this one, and records its stderr.
 * Knows nothing of libipq. On failure, ends the test and says why. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "process.h"

struct order {
	long (*act)(long);
	long arg;
};

static void obey(int orders)
{
	struct order order;
	long result;

	while (recv(orders, &order, sizeof(order), 0) == sizeof(order)) {
		result = order.act(order.arg);
		send(orders, &result, sizeof(result), MSG_NOSIGNAL);
	}
	_exit(0);
}

static struct process start(bool (*prepare)(void))
{
	struct process p;
	int ends[2];

	cr_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	p.pid = fork();
	cr_assert(p.pid >= 0);
	if (p.pid == 0) {
		close(ends[0]);
		if (prepare && !prepare())
			_exit(1);
		obey(ends[1]);
	}
	close(ends[1]);
	p.orders = ends[0];
	return p;
}

struct process process_start(void)
{
	return start(NULL);
}

static bool mount_proc(void)
{
	return !unshare(CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("proc", "/proc", "proc", 0, NULL);
}

struct process process_start_contained(bool own_proc)
{
	int here = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	struct process p;

	cr_assert(here >= 0 && !unshare(CLONE_NEWPID), "PID namespace: %s", strerror(errno));
	p = start(own_proc ? mount_proc : NULL);
	cr_assert(!setns(here, CLONE_NEWPID), "%s", strerror(errno));
	close(here);
	return p;
}

long process_do(const struct process *p, long (*act)(long), long arg)
{
	struct order order = { .act = act, .arg = arg };
	struct pollfd answer = { .fd = p->orders, .events = POLLIN };
	long result;

	cr_assert(send(p->orders, &order, sizeof(order), MSG_NOSIGNAL) > 0,
		  "process %d: %s", p->pid, strerror(errno));
	/* act may itself wait for as long as DEADLINE */
	cr_assert(poll(&answer, 1, 2 * DEADLINE) == 1, "process %d hangs", p->pid);
	cr_assert(recv(p->orders, &result, sizeof(result), 0) == sizeof(result),
		  "process %d ended", p->pid);
	return result;
}

void process_end(const struct process *p)
{
	/* closing it is not enough: processes started later have copies of it */
	shutdown(p->orders, SHUT_RDWR);
	close(p->orders);
	cr_assert(waitpid(p->pid, NULL, 0) == p->pid);
}

void have_net_admin(bool have)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	cr_assert(!syscall(SYS_capget, &header, sets));
	if (have)
		sets[0].effective |= 1u << CAP_NET_ADMIN;
	else
		sets[0].effective &= ~(1u << CAP_NET_ADMIN);
	cr_assert(!syscall(SYS_capset, &header, sets), "capset: %s", strerror(errno));
}

int open_descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	int n = 0;

	cr_assert(list);
	while (readdir(list))
		n++;
	closedir(list);
	return n;
}

static int kept = -1, before = -1;

void stderr_keep(void)
{
	kept = memfd_create("stderr", MFD_CLOEXEC);
	before = dup(2);
	cr_assert(kept >= 0 && before >= 0 && dup2(kept, 2) == 2);
}

const char *stderr_kept(void)
{
	static char text[4096];
	ssize_t n = pread(kept, text, sizeof(text) - 1, 0);

	cr_assert(n >= 0 && dup2(before, 2) == 2);
	text[n] = '\0';
	close(kept);
	close(before);
	return text;
}

void assert_one_line(const char *said)
{
	const char *end = strchr(said, '\n');

	cr_assert(end && end[1] == '\0', "one line: \"%s\"", said);
}

void assert_says(const char *said, const char *what)
{
	cr_assert(strstr(said, what), "\"%s\" does not tell %s", said, what);
}
