/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measures system calls of a program that does not use ip_queue: CPU time in ns for each
 * write(2) and read(2) of a byte through a pipe, for opening and closing a file, for
 * looking up a file and executing a program that do not exist, and for executing a
 * program from its start to its end; alternately alone and under the ipq-run of the first
 * argument. Prints the least of several rounds. */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 7

/* Returns CPU time, as other programs may use the machine, too. */
static double now(void)
{
	struct rusage children;
	struct timespec own;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	return own.tv_sec * 1e9 + own.tv_nsec +
	       (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1e9 +
	       (children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1e3;
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

static bool open_stream(void)
{
	FILE *stream = fopen("/dev/null", "r");

	return stream && !fclose(stream);
}

static bool execute_none(void)
{
	char *const words[] = { (char *)"found", NULL };

	return execve("/usr/share/nowhere/to/be/found", words, environ) == -1;
}

static bool execute(void)
{
	char *const words[] = { (char *)"true", NULL };
	int status;
	pid_t pid;

	return !posix_spawn(&pid, "/bin/true", NULL, NULL, words, environ) &&
	       waitpid(pid, &status, 0) == pid && !status;
}

static const struct {
	const char *name;
	bool (*call)(void);
	int calls;		/* system calls in one call of it */
	int times;
} kinds[] = {
	{ "a system call", pass_byte, 2, 100000 },
	{ "a file opened and closed", open_file, 1, 100000 },
	{ "a stream opened and closed", open_stream, 1, 100000 },
	{ "a file not found", look_for_file, 1, 100000 },
	{ "a program not found", execute_none, 1, 50000 },
	{ "a program executed", execute, 1, 200 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int measure(int kind)
{
	double started = now();

	for (int i = 0; i < kinds[kind].times; i++)
		if (!kinds[kind].call())
			return 1;
	printf("%.2f\n", (now() - started) / kinds[kind].times / kinds[kind].calls);
	return 0;
}

static double run(const char *self, const char *ipq_run, int kind)
{
	char command[8192], line[64] = "";
	FILE *child;

	snprintf(command, sizeof(command), "%s %s --measure %d", ipq_run, self, kind);
	child = popen(command, "r");
	if (!child || !fgets(line, sizeof(line), child))
		exit(1);
	pclose(child);
	return atof(line);
}

static void compare(const char *self, const char *ipq_run, int kind)
{
	double alone = 1e12, beneath = 1e12, ns;

	for (int i = 0; i < ROUNDS; i++) {
		ns = run(self, "", kind);
		alone = ns < alone ? ns : alone;
		ns = run(self, ipq_run, kind);
		beneath = ns < beneath ? ns : beneath;
	}
	printf("%s by another program, CPU ns: %.1f alone, %.1f under "
	       "ipq-run, ratio %.3f\n", kinds[kind].name, alone, beneath, beneath / alone);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--measure"))
		return measure(atoi(argv[2]));
	if (argc != 2) {
		fprintf(stderr, "usage: untouched IPQ-RUN\n");
		return 2;
	}
	for (size_t kind = 0; kind < KINDS; kind++)
		compare(argv[0], argv[1], kind);
	return 0;
}
