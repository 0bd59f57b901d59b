/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into ipq-run: with HINDERED the instance on that queue cannot be executed
 * (ETXTBSY); with TERMINAL, the descriptor of a master, its process group is
 * interrupted from there when there is the first instance and not yet the second.
 */
#include <dlfcn.h>
#include <sys/ioctl.h>

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

pid_t fork(void)
{
	pid_t (*real)(void) = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
	static int calls;

	check(real);
	if (++calls == 2 && getenv("TERMINAL"))
		check(!ioctl(atoi(getenv("TERMINAL")), TIOCSIG, SIGINT));
	return real();
}
