/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs, run without a shell, for a limited time, with limited output.
 * Knows nothing of what they print. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define TIME_MAX 10000		/* ms */
#define OUTPUT_MAX (32 << 20)	/* bytes, a power of two */

extern char **environ;

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int start(pid_t *pid, const char *const argv[], const int out[2],
		 const int err[2])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_adddup2(&actions, err[1], 2);
	/* a group of its own, to be ended with its children */
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	error = posix_spawnp(pid, argv[0], &actions, &attributes, (char **)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

struct buffer {
	char *text;
	size_t len, size;	/* bytes used, bytes there are */
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

/* The first line in which there is something, cut to size. */
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

/* Reads both until they end, or that takes too long or is too much. */
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

/* Whether the process ends in time by itself; then its exit status. */
static bool ends(pid_t pid, long deadline, int *status)
{
	struct pollfd process = { syscall(SYS_pidfd_open, pid, 0), POLLIN, 0 };
	long left = deadline - now();
	bool ended;

	ended = process.fd >= 0 && poll(&process, 1, left > 0 ? left : 0) == 1;
	if (process.fd >= 0)
		close(process.fd);
	if (!ended)
		kill(-pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	return ended;
}

static enum command_end run(struct command *c, const char *const argv[],
			    const int out[2], const int err[2])
{
	long deadline = now() + TIME_MAX;
	enum command_end end;
	int status, error;
	pid_t pid;

	error = start(&pid, argv, out, err);
	close(out[1]);
	close(err[1]);
	if (error) {
		snprintf(c->complaint, sizeof(c->complaint), "%s", strerror(error));
		return error == ENOENT ? COMMAND_MISSING : COMMAND_FAILED;
	}
	end = collect(c, out[0], err[0], deadline);
	/* the group, which may be left when the process itself is gone */
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
	int out[2], err[2];

	*c = (struct command) { .end = COMMAND_FAILED };
	if (pipe2(out, O_CLOEXEC))
		return;
	if (!pipe2(err, O_CLOEXEC)) {
		c->end = run(c, argv, out, err);
		close(err[0]);
	} else {
		close(out[1]);
	}
	close(out[0]);
}

void command_free(struct command *c)
{
	free(c->output);
}
