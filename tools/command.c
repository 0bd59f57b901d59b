/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs other programs without a shell, for a limited time and with limited output. Knows
 * nothing of what they print. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define TIME_MAX 10000		/* ms */
#define OUTPUT_MAX (32 << 20)	/* bytes; a power of two */

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Runs in the child process. Executes the program, or writes errno to the pipe failed. */
static _Noreturn void become(const char *const argv[], const int out[2], const int err[2],
			     int failed, const sigset_t *mask)
{
	int null = open("/dev/null", O_RDONLY);

	/* a process group of its own, so that its children can be killed with it */
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out[1], 1) < 0 || dup2(err[1], 2) < 0 ||
	    (null > 2 && close(null)) || execvp(argv[0], (char **)argv))
		if (write(failed, &errno, sizeof(errno)) < 0)
			_exit(126);
	_exit(127);
}

/* Starts the program with fork(2): the C library implements posix_spawn(3) with
 * clone3(2), and fails where the seccomp profile of a container refuses that with EPERM.
 * Returns 0 or an errno. */
static int start(pid_t *pid, const char *const argv[], const int out[2], const int err[2],
		 const sigset_t *mask)
{
	int failed[2], error = 0;

	if (pipe2(failed, O_CLOEXEC))
		return errno;
	*pid = fork();
	if (*pid == 0)
		become(argv, out, err, failed[1], mask);
	if (*pid < 0)
		error = errno;
	close(failed[1]);
	/* the pipe is closed on exec, so nothing is read if the program was executed */
	while (*pid > 0 && read(failed[0], &error, sizeof(error)) < 0 && errno == EINTR)
		;
	close(failed[0]);
	if (*pid > 0 && error)
		waitpid(*pid, NULL, 0);
	return error;
}

struct buffer {
	char *text;
	size_t len, size;	/* bytes used, bytes allocated */
};

enum taken { TAKEN, TAKEN_ALL, TAKEN_TOO_MUCH };

static enum taken take(int fd, struct buffer *b)
{
	char *larger;
	ssize_t n;

	if (b->len == OUTPUT_MAX)
		return TAKEN_TOO_MUCH;
	if (b->len == b->size) {
		larger = realloc(b->text, b->size ? 2 * b->size : OUTPUT_MAX >> 9);
		if (!larger)
			return TAKEN_TOO_MUCH;
		b->text = larger;
		b->size = b->size ? 2 * b->size : OUTPUT_MAX >> 9;
	}
	n = read(fd, b->text + b->len, b->size - b->len);
	if (n < 0)
		return errno == EINTR ? TAKEN : TAKEN_ALL;
	b->len += n;
	return n ? TAKEN : TAKEN_ALL;
}

/* Copies the first line that is not empty, as far as it fits. */
static void first_line(const char *text, size_t len, char *line, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		if (text[i] == '\n' && n)
			break;
		if (text[i] != '\n')
			line[n++] = (unsigned char)text[i] < ' ' ? '?' : text[i];
	}
	line[n] = '\0';
}

/* Reads both pipes until they end, the deadline is over or the output is too large. */
static enum command_end collect(struct command *c, int out, int err, long deadline)
{
	struct pollfd fds[] = { { out, POLLIN, 0 }, { err, POLLIN, 0 } };
	enum taken taken[] = { TAKEN, TAKEN };
	struct buffer output = { 0 }, complaint = { 0 };
	long left;

	while ((fds[0].fd >= 0 || fds[1].fd >= 0) && (left = deadline - now()) > 0) {
		if (poll(fds, 2, left) <= 0)
			continue;
		if (fds[0].revents)
			taken[0] = take(out, &output);
		if (fds[1].revents)
			taken[1] = take(err, &complaint);
		if (taken[0] == TAKEN_TOO_MUCH || taken[1] == TAKEN_TOO_MUCH)
			break;
		for (int i = 0; i < 2; i++)
			if (taken[i] == TAKEN_ALL)
				fds[i].fd = -1;
	}
	c->output = output.text;
	c->len = output.len;
	first_line(complaint.text, complaint.len, c->complaint, sizeof(c->complaint));
	free(complaint.text);
	if (taken[0] == TAKEN_TOO_MUCH || taken[1] == TAKEN_TOO_MUCH)
		return COMMAND_TOO_MUCH;
	return fds[0].fd < 0 && fds[1].fd < 0 ? COMMAND_DONE : COMMAND_TOO_LONG;
}

/* Returns whether the process ends by itself before the deadline, and if so its
 * exit status. The caller has blocked SIGCHLD, which ends the waiting: there is
 * no pidfd_open(2) before Linux 5.3, nor in containers whose seccomp profile
 * does not allow it. */
static bool ends(pid_t pid, long deadline, int *status)
{
	struct timespec left;
	sigset_t child;
	pid_t ended;
	long ms;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (!(ended = waitpid(pid, status, WNOHANG)) && (ms = deadline - now()) > 0) {
		left = (struct timespec) { ms / 1000, ms % 1000 * 1000000 };
		sigtimedwait(&child, NULL, &left);
	}
	if (ended)
		return true;
	kill(-pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	return false;
}

static enum command_end run(struct command *c, const char *const argv[],
			    const int out[2], const int err[2],
			    const sigset_t *mask)
{
	long deadline = now() + TIME_MAX;
	enum command_end end;
	int status = 0, error;
	pid_t pid = -1;

	error = start(&pid, argv, out, err, mask);
	close(out[1]);
	close(err[1]);
	if (error) {
		snprintf(c->complaint, sizeof(c->complaint), "%s", strerror(error));
		return error == ENOENT ? COMMAND_MISSING : COMMAND_FAILED;
	}
	end = collect(c, out[0], err[0], deadline);
	/* kill the process group: children may remain when the process
	 * itself has ended */
	if (end != COMMAND_DONE)
		kill(-pid, SIGKILL);
	if (!ends(pid, deadline, &status) && end == COMMAND_DONE)
		end = COMMAND_TOO_LONG;
	if (end != COMMAND_DONE)
		return end;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? COMMAND_DONE :
		COMMAND_FAILED;
}

void command_run(struct command *c, const char *const argv[])
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	sigset_t child, mask;

	*c = (struct command) { .end = COMMAND_FAILED };
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &mask);
	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) {
		snprintf(c->complaint, sizeof(c->complaint), "%s", strerror(errno));
		if (out[1] >= 0)
			close(out[1]);
	} else {
		c->end = run(c, argv, out, err, &mask);
		close(err[0]);
	}
	if (out[0] >= 0)
		close(out[0]);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

const char *command_failure(const struct command *c)
{
	if (c->complaint[0])
		return c->complaint;
	return c->end == COMMAND_TOO_LONG ? "it took too long and was stopped" :
	       c->end == COMMAND_TOO_MUCH ? "it printed too much and was stopped" :
	       "it failed and did not say why";
}

void command_free(struct command *c)
{
	free(c->output);
}
