/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls of a program that has nothing to do with ip_queue: ns for each
 * write and read of a byte through a pipe, for a file opened and closed, for one that
 * is not there looked for; by turns without and with the library of the first argument
 * preloaded; the least of several rounds. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS 300000
#define ROUNDS 9

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static bool pass_byte(void)
{
	static int fd[2];
	char byte = 0;

	return (fd[1] || !pipe(fd)) && write(fd[1], &byte, 1) == 1 &&
	       read(fd[0], &byte, 1) == 1;
}

static bool open_file(void)
{
	int fd = open("/dev/null", O_RDONLY);

	return fd >= 0 && !close(fd);
}

static bool look_for_file(void)
{
	return access("/usr/share/nowhere/to/be/found", R_OK) != 0;
}

static const struct {
	const char *name;
	bool (*call)(void);
	int calls;		/* in one of them */
} kinds[] = {
	{ "a system call", pass_byte, 2 },
	{ "a file opened and closed", open_file, 1 },
	{ "a file not found", look_for_file, 1 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int measure(int kind)
{
	double started = now();

	for (int i = 0; i < CALLS; i++)
		if (!kinds[kind].call())
			return 1;
	printf("%.2f\n", (now() - started) / CALLS / kinds[kind].calls);
	return 0;
}

static double run(const char *self, const char *preload, int kind)
{
	char command[8192], line[64] = "";
	FILE *child;

	snprintf(command, sizeof(command), "%s%s %s --measure %d",
		 preload ? "LD_PRELOAD=" : "", preload ? preload : "", self, kind);
	child = popen(command, "r");
	if (!child || !fgets(line, sizeof(line), child))
		exit(1);
	pclose(child);
	return atof(line);
}

static void compare(const char *self, const char *preload, int kind)
{
	double without = 1e9, with = 1e9, ns;

	for (int i = 0; i < ROUNDS; i++) {
		ns = run(self, NULL, kind);
		without = ns < without ? ns : without;
		ns = run(self, preload, kind);
		with = ns < with ? ns : with;
	}
	printf("%s of another program, ns: %.1f without, %.1f with the preload library, "
	       "ratio %.3f\n", kinds[kind].name, without, with, with / without);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--measure"))
		return measure(atoi(argv[2]));
	if (argc != 2) {
		fprintf(stderr, "usage: untouched LIBRARY\n");
		return 2;
	}
	for (size_t kind = 0; kind < KINDS; kind++)
		compare(argv[0], argv[1], kind);
	return 0;
}
