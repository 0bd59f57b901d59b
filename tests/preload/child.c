/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs programs with libipq-preload.so, and reads their output. On failure, ends the
 * test and says why. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"

#define WORDS_MAX 16

const char *given(const char *variable)
{
	const char *value = getenv(variable);

	cr_assert(value, "no %s: run by meson test", variable);
	return value;
}

/* Runs in the forked child. */
static void become(const char *preload, const char *path, char **argv, const int ends[4])
{
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	else
		unsetenv("LD_PRELOAD");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(ends[0], 0);
	dup2(ends[3], 1);
	dup2(ends[3], 2);
	/* remains set in the executed program */
	alarm(2 * DEADLINE / 1000);
	execvp(path, argv);
	dprintf(2, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

void child_start(struct child *c, const char *preload, const char *name, ...)
{
	char *supervisor = preload ? getenv("SUPERVISOR") : NULL;
	char *argv[WORDS_MAX + 2] = { supervisor, (char *)"--supervise" }, path[4096];
	int ends[4], n = 3;
	va_list words;

	argv[2] = supervisor ? path : (char *)name;
	va_start(words, name);
	do
		cr_assert(n < WORDS_MAX + 2);
	while ((argv[n++] = va_arg(words, char *)));
	va_end(words);
	snprintf(path, sizeof(path), "%s%s%s", strchr(name, '/') ? "" : given("PROGRAMS"),
		 strchr(name, '/') ? "" : "/", name);
	snprintf(c->name, sizeof(c->name), "%s", strrchr(path, '/') + 1);
	cr_assert(!pipe2(ends, O_CLOEXEC) && !pipe2(ends + 2, O_CLOEXEC));
	c->pid = fork();
	cr_assert(c->pid >= 0);
	if (c->pid == 0 && supervisor)
		become(NULL, supervisor, argv, ends);
	if (c->pid == 0)
		become(preload, path, argv + 2, ends);
	close(ends[0]);
	close(ends[3]);
	c->input = ends[1];
	c->output = ends[2];
	c->len = 0;
	c->text[0] = '\0';
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads more of its output. Returns false at its end. */
static bool read_more(struct child *c, long limit)
{
	struct pollfd readable = { .fd = c->output, .events = POLLIN };
	long wait = limit - now();
	ssize_t n;

	cr_assert(c->len < sizeof(c->text) - 1, "%s says too much", c->name);
	cr_assert(poll(&readable, 1, wait > 0 ? wait : 0) == 1,
		  "%s hangs; it said: %s", c->name, c->text);
	n = read(c->output, c->text + c->len, sizeof(c->text) - 1 - c->len);
	cr_assert(n >= 0);
	c->len += n;
	c->text[c->len] = '\0';
	return n > 0;
}

const char *child_line(struct child *c)
{
	static char line[sizeof(c->text)];
	long limit = now() + DEADLINE;
	char *end;

	while (!(end = strchr(c->text, '\n')))
		cr_assert(read_more(c, limit), "%s ends; it said: %s", c->name, c->text);
	*end = '\0';
	strcpy(line, c->text);
	c->len -= end + 1 - c->text;
	memmove(c->text, end + 1, c->len + 1);
	return line;
}

void child_says(struct child *c, const char *line)
{
	const char *said = child_line(c);

	cr_assert_str_eq(said, line, "%s says \"%s\" and not \"%s\"; then: %s", c->name,
			 said, line, c->text);
}

void child_tell(struct child *c, const char *line)
{
	cr_assert(dprintf(c->input, "%s\n", line) > 0, "%s does not listen", c->name);
}

int child_end(struct child *c)
{
	long limit = now() + DEADLINE;
	int status;

	close(c->input);
	while (read_more(c, limit))
		;
	close(c->output);
	cr_assert(waitpid(c->pid, &status, 0) == c->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child_ends_well(struct child *c)
{
	int status = child_end(c);

	cr_assert(status == 0 && !c->text[0], "%s: exit status %d; it said: %s", c->name,
		  status, c->text);
}

int queued_port(int family)
{
	network_enter();
	run("%s -A OUTPUT -p udp --dport %d -j QUEUE",
	    family == AF_INET ? "iptables-legacy" : "ip6tables-legacy", HEARD);
	return udp_open(family, HEARD);
}

void child_is_served(struct child *c, int heard)
{
	static const char *const words[] = { "one", "two" };

	for (int i = 0; i < 2; i++) {
		udp_say(AF_INET, HEARD, words[i]);
		udp_expect(heard, words[i]);
	}
	for (int i = 0; i < 2; i++)
		child_says(c, words[i]);
	child_says(c, "refused");
	child_ends_well(c);
}
