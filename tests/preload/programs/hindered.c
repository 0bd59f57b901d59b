/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into ipq-run. HINDERED: the instance on that queue cannot be executed
 * (ETXTBSY). TERMINAL, the descriptor of a pseudoterminal's master: its process group
 * gets the signal KEY from it when the first instance exists and the second does not yet;
 * KILLED: the first is killed then. ORPHANED: ipq-run is killed before its first instance
 * can do anything. */
#include <dlfcn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "old.h"

int execv(const char *path, char *const argv[])
{
	const char *queue = getenv("LIBIPQ_QUEUE"), *hindered = getenv("HINDERED");

	if (queue && hindered && !strcmp(queue, hindered)) {
		errno = ETXTBSY;
		return -1;
	}
	return execve(path, argv, environ);
}

static void kill_and_see(pid_t pid)
{
	siginfo_t info;

	check(!kill(pid, SIGKILL));
	check(!waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
}

pid_t fork(void)
{
	pid_t (*real)(void) = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
	pid_t pid, parent = getpid();
	static pid_t first;

	check(real);
	if (first && getenv("TERMINAL"))
		check(!ioctl(atoi(getenv("TERMINAL")), TIOCSIG, atoi(getenv("KEY"))));
	if (first && getenv("KILLED"))
		kill_and_see(first);
	pid = real();
	if (getenv("ORPHANED")) {
		if (pid)
			raise(SIGKILL);
		old_limit();
		while (getppid() == parent)
			usleep(1000);
	}
	if (!first)
		first = pid;
	return pid;
}
