/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measures system calls of a program that does not use ip_queue: CPU time in ns for each
 * write(2) and read(2) of a byte through a pipe, for a block written to a file and read,
 * for copying a file, for a block sent and received by TCP, for opening and closing a
 * file, for looking up a file and executing a program that do not exist, and for executing
 * a program from its start to its end; alternately alone, under the ipq-run of the first
 * argument, with a seccomp filter that allows everything, and supervised by ipq-run. The
 * filter shows what the kernel itself takes when there is any. Prints the least of several
 * rounds. The time by the clock is printed too, as another process works for a supervised
 * program.
 *
 * untouched --measure WORD measures one of these once, as it is run; scripts/bench uses
 * that. untouched --filtered PROGRAM ARGUMENT... runs a program with such a filter. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#define ROUNDS 7

struct times {
	double processor, clock;
};

/* Returns CPU time, as other programs may use the machine, too. */
static double processor_now(void)
{
	struct rusage children;
	struct timespec own;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	return own.tv_sec * 1e9 + own.tv_nsec +
	       (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1e9 +
	       (children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1e3;
}

static struct times now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (struct times) { processor_now(), t.tv_sec * 1e9 + t.tv_nsec };
}

static char block[4096], large_block[1 << 17];

/* Both descriptors begin again from time to time, so that the file remains small. */
static bool write_and_read(void)
{
	static int fd[2], n;
	char name[] = "/tmp/untouched-XXXXXX";

	if (!fd[1]) {
		fd[0] = mkstemp(name);
		fd[1] = open(name, O_RDONLY);
		unlink(name);
	}
	if (n++ % 64 == 0) {
		lseek(fd[0], 0, SEEK_SET);
		lseek(fd[1], 0, SEEK_SET);
	}
	return write(fd[0], block, sizeof(block)) == sizeof(block) &&
	       read(fd[1], block, sizeof(block)) == sizeof(block);
}

static char from[] = "/tmp/untouched-XXXXXX", to[] = "/tmp/untouched-XXXXXX";

static void remove_files(void)
{
	unlink(from);
	unlink(to);
}

static bool make_files(void)
{
	int fd = mkstemp(from);
	bool made = fd >= 0 && !close(mkstemp(to)) && !atexit(remove_files);

	for (int i = 0; made && i < 4; i++)
		made = write(fd, large_block, sizeof(large_block)) == sizeof(large_block);
	return made && !close(fd);
}

/* As cp(1) does, of a file that is in memory already. */
static bool copy_file(void)
{
	static bool made;
	ssize_t n;
	int in, out;

	if (!made)
		made = make_files();
	in = open(from, O_RDONLY);
	out = open(to, O_WRONLY | O_TRUNC);
	while ((n = read(in, large_block, sizeof(large_block))) > 0)
		if (write(out, large_block, n) != n)
			return false;
	return !n && !close(in) && !close(out);
}

static bool connect_to_itself(int fd[2])
{
	struct sockaddr_in local = { .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(local);

	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&local, len) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&local, &len) ||
	    connect(fd[0], (struct sockaddr *)&local, len))
		return false;
	fd[1] = accept(listener, NULL, NULL);
	return fd[1] >= 0;
}

static bool send_and_receive(void)
{
	static int fd[2];

	return (fd[1] || connect_to_itself(fd)) &&
	       send(fd[0], block, sizeof(block), 0) == sizeof(block) &&
	       recv(fd[1], block, sizeof(block), MSG_WAITALL) == sizeof(block);
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
	const char *word;	/* for --measure */
	const char *name;
	bool (*call)(void);
	int calls;		/* system calls in one call of it */
	int times;
} kinds[] = {
	{ "byte", "a system call", pass_byte, 2, 100000 },
	{ "block", "a block written or read", write_and_read, 2, 100000 },
	{ "copy", "a file copied", copy_file, 1, 500 },
	{ "tcp", "a block sent or received by TCP", send_and_receive, 2, 50000 },
	{ "open", "a file opened and closed", open_file, 1, 100000 },
	{ "stream", "a stream opened and closed", open_stream, 1, 100000 },
	{ "file", "a file not found", look_for_file, 1, 100000 },
	{ "program", "a program not found", execute_none, 1, 50000 },
	{ "execute", "a program executed", execute, 1, 200 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static double per_call(int kind, double began, double ended)
{
	return (ended - began) / kinds[kind].times / kinds[kind].calls;
}

static int measure(const char *word)
{
	struct times began, ended;
	size_t kind = 0;

	while (kind < KINDS && strcmp(kinds[kind].word, word))
		kind++;
	if (kind == KINDS)
		return 2;
	kinds[kind].call();		/* makes what it needs */
	began = now();
	for (int i = 0; i < kinds[kind].times; i++)
		if (!kinds[kind].call())
			return 1;
	ended = now();
	printf("%.2f %.2f\n", per_call(kind, began.processor, ended.processor),
	       per_call(kind, began.clock, ended.clock));
	return 0;
}

/* The least of each goes to least. */
static void run(const char *self, const char *beneath, int kind, struct times *least)
{
	char command[8192], line[64] = "";
	struct times t;
	FILE *child;

	snprintf(command, sizeof(command), "%s %s --measure %s", beneath, self,
		 kinds[kind].word);
	child = popen(command, "r");
	if (!child || !fgets(line, sizeof(line), child) ||
	    sscanf(line, "%lf %lf", &t.processor, &t.clock) != 2)
		exit(1);
	pclose(child);
	least->processor = t.processor < least->processor ? t.processor : least->processor;
	least->clock = t.clock < least->clock ? t.clock : least->clock;
}

static void show(const char *how, const struct times *t, const struct times *alone)
{
	printf("  %-16s %10.1f ns of the processor, ratio %.3f; %10.1f ns by the clock, "
	       "ratio %.3f\n", how, t->processor, t->processor / alone->processor, t->clock,
	       t->clock / alone->clock);
}

static void compare(const char *self, const char *ipq_run, int kind)
{
	struct times alone = { 1e12, 1e12 }, beneath = alone, filtered = alone;
	struct times supervised = alone;
	char supervisor[4096], filter[4096];

	snprintf(supervisor, sizeof(supervisor), "%s --supervise", ipq_run);
	snprintf(filter, sizeof(filter), "%s --filtered", self);
	for (int i = 0; i < ROUNDS; i++) {
		run(self, "", kind, &alone);
		run(self, ipq_run, kind, &beneath);
		run(self, filter, kind, &filtered);
		run(self, supervisor, kind, &supervised);
	}
	printf("%s by another program:\n", kinds[kind].name);
	show("alone", &alone, &alone);
	show("under ipq-run", &beneath, &alone);
	show("with any filter", &filtered, &alone);
	show("supervised", &supervised, &alone);
	fflush(stdout);
}

static int execute_filtered(char **words)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog filter = { .len = 1, .filter = &allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return 1;
	execv(*words, words);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--measure"))
		return measure(argv[2]);
	if (argc > 2 && !strcmp(argv[1], "--filtered"))
		return execute_filtered(argv + 2);
	if (argc != 2) {
		fprintf(stderr, "usage: untouched IPQ-RUN\n");
		return 2;
	}
	for (size_t kind = 0; kind < KINDS; kind++)
		compare(argv[0], argv[1], kind);
	return 0;
}
