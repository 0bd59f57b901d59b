/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See movers.h. Knows nothing of libipq but the name of these processes. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "movers.h"

static bool is_mover(pid_t pid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file && !fgets(name, sizeof(name), file))
		*name = '\0';
	if (file)
		fclose(file);
	return !strcmp(name, "ipq-mover\n");
}

static bool is_here(pid_t pid)
{
	char path[64], here[64] = "", there[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return readlink("/proc/self/ns/net", here, sizeof(here) - 1) > 0 &&
	       readlink(path, there, sizeof(there) - 1) > 0 && !strcmp(here, there);
}

char mover_state(pid_t pid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%*d (ipq-mover) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state;
}

bool movers_sleep(void)
{
	static _Thread_local pid_t found[MOVERS_MAX];
	static _Thread_local int count;
	bool are_there = count > 0, sleep = true;
	char state;

	/* to look for them takes long: only if one of them has ended */
	for (int i = 0; i < count; i++)
		are_there &= is_here(found[i]) && mover_state(found[i]);
	if (!are_there)
		count = movers_find(found);
	for (int i = 0; i < count; i++) {
		state = mover_state(found[i]);
		sleep &= !state || state == 'S';
	}
	return sleep;
}

int movers_find(pid_t found[MOVERS_MAX])
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	cr_assert(dir);
	while ((entry = readdir(dir)) && count < MOVERS_MAX)
		if (atoi(entry->d_name) > 0 && is_mover(atoi(entry->d_name)) &&
		    is_here(atoi(entry->d_name)))
			found[count++] = atoi(entry->d_name);
	closedir(dir);
	return count;
}
