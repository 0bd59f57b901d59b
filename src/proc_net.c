/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads from /proc about the calling thread's network namespace. Knows nothing of
 * sockets. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>

#include "proc_net.h"

/* Before Linux 3.8 these files are not symbolic links, and their inode numbers do not
 * identify a namespace. */
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

/* Before Linux 3.17 there is only the directory of the process, which is another one if
 * the thread has left the namespace of the process. */
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
