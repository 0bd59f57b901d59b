/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists the modules, including ip_queue and ip6_queue, in the manner of the
 * lsmod of their years: from /proc/modules only. Today's lsmod also reads /sys,
 * which lacks them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lsmod.h"
#include "modules.h"

/* Prints name, size, use count and users ("-" if none) of a line. */
static void show(const char *line)
{
	char name[65], size[24], count[16], users[4096];
	size_t len;

	if (sscanf(line, "%64s %23s %15s %4095s", name, size, count, users) != 4)
		return;
	len = strlen(users);
	if (users[len - 1] == ',')
		users[len - 1] = '\0';
	printf("%-19s %8s  %s%s%s\n", name, size, count, strcmp(users, "-") ? " " : "",
	       strcmp(users, "-") ? users : "");
}

static void show_all(FILE *list)
{
	char *line = NULL;
	size_t size = 0;

	while (list && getline(&line, &size, list) > 0)
		show(line);
	free(line);
	if (list)
		fclose(list);
}

/* Opens the kernel's own list by the bare system call: the open(2) of the preloaded
 * library would give one that contains ip_queue already. There is no such file if the
 * kernel has no modules. */
static FILE *open_list(void)
{
	int fd = syscall(SYS_openat, AT_FDCWD, "/proc/modules", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

int lsmod_show(void)
{
	static char ours[] = MODULES_LINES;

	printf("Module                  Size  Used by\n");
	show_all(fmemopen(ours, strlen(ours), "r"));
	show_all(open_list());
	if (!fflush(stdout))
		return 0;
	perror("lsmod");
	return 1;
}
