/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls of the calling thread, recorded by strace(1). On failure, ends the
 * test and says why. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "trace.h"

struct trace trace_begin(void)
{
	struct trace t = { .log = memfd_create("trace", 0) };
	char log[32], pid[16], said[256] = "";
	int err[2];

	cr_assert(t.log >= 0 && !pipe(err));
	snprintf(log, sizeof(log), "/proc/self/fd/%d", t.log);
	snprintf(pid, sizeof(pid), "%d", gettid());
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	t.pid = fork();
	cr_assert(t.pid >= 0);
	if (t.pid == 0) {
		dup2(err[1], 2);
		execlp("strace", "strace", "-o", log, "-p", pid, (char *)NULL);
		dprintf(2, "no strace");
		_exit(127);
	}
	close(err[1]);
	/* the first line says that it has attached, or why it has not */
	if (read(err[0], said, sizeof(said) - 1) <= 0 || !strstr(said, " attached"))
		cr_skip_test("%s", said);
	return t;
}

void trace_end(struct trace *t)
{
	kill(t->pid, SIGINT);
	cr_assert(waitpid(t->pid, NULL, 0) == t->pid);
}

int trace_count(const struct trace *t, const char *call)
{
	FILE *log = fdopen(dup(t->log), "r");
	char *line = NULL;
	size_t size = 0;
	int count = 0;

	rewind(log);
	while (getline(&line, &size, log) > 0)
		count += !strncmp(line, call, strlen(call));
	free(line);
	fclose(log);
	return count;
}
