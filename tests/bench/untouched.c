/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls of a program that has nothing to do with ip_queue: ns for each
 * write and read of a byte through a pipe, by turns without and with the
 * library of the first argument preloaded; the least of several rounds. */
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

static int measure(void)
{
	double started;
	char byte = 0;
	int fd[2];

	if (pipe(fd))
		return 1;
	started = now();
	for (int i = 0; i < CALLS; i++)
		if (write(fd[1], &byte, 1) != 1 || read(fd[0], &byte, 1) != 1)
			return 1;
	printf("%.2f\n", (now() - started) / CALLS / 2);
	return 0;
}

static double run(const char *self, const char *preload)
{
	char command[8192], line[64] = "";
	FILE *child;

	snprintf(command, sizeof(command), "%s%s %s --measure",
		 preload ? "LD_PRELOAD=" : "", preload ? preload : "", self);
	child = popen(command, "r");
	if (!child || !fgets(line, sizeof(line), child))
		exit(1);
	pclose(child);
	return atof(line);
}

int main(int argc, char **argv)
{
	double without = 1e9, with = 1e9, ns;

	if (argc == 2 && !strcmp(argv[1], "--measure"))
		return measure();
	if (argc != 2) {
		fprintf(stderr, "usage: untouched LIBRARY\n");
		return 2;
	}
	for (int i = 0; i < ROUNDS; i++) {
		ns = run(argv[0], NULL);
		without = ns < without ? ns : without;
		ns = run(argv[0], argv[1]);
		with = ns < with ? ns : with;
	}
	printf("a system call of another program, ns: %.1f without, %.1f with "
	       "the preload library, ratio %.3f\n", without, with, with / without);
	return 0;
}
