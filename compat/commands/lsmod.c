/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of modules, with those that are no more, as lsmod of ip_queue's years made it:
 * from /proc/modules alone. Today's asks /sys as well, where they are not. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lsmod.h"
#include "modules.h"

/* Name, size, users, which users or "-"; of the rest it knows nothing. */
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

/* Where the kernel has modules; what is preloaded here would have it say ours twice. */
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
