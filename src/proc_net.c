/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc tells of the calling thread's network namespace. Knows nothing of
 * sockets. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>

#include "proc_net.h"

/* Before Linux 3.8 these are no links, and their own numbers tell nothing. */
static uint64_t number_at(const char *path)
{
	static const char before[] = "net:[";
	char text[64] = "";

	if (readlink(path, text, sizeof(text) - 1) < 0 ||
	    strncmp(text, before, sizeof(before) - 1) != 0)
		return 0;
	return strtoull(text + sizeof(before) - 1, NULL, 10);
}

uint64_t proc_net_number(void)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/self/task/%ld/ns/net", syscall(SYS_gettid));
	return number_at(path);
}

/* Before Linux 3.17 only the process's is to be had, and a thread may have left it. */
FILE *proc_net_open(const char *name)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s", name);
	file = fopen(path, "re");
	if (file || errno != ENOENT || number_at("/proc/self/ns/net") != proc_net_number())
		return file;
	snprintf(path, sizeof(path), "/proc/self/net/%s", name);
	return fopen(path, "re");
}
