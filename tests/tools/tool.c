/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs ipqctl to its end, or at the same time as the test. On failure, ends the
 * test and says why. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "queue.h"
#include "tool.h"

const struct printed *shell(const char *format, ...)
{
	static struct printed printed;
	char command[4000];
	va_list args;

	va_start(args, format);
	cr_assert(vsnprintf(command, sizeof(command), format, args) <
		  (int)sizeof(command));
	va_end(args);
	printed.status = run_output(printed.text, sizeof(printed.text), "%s", command);
	return &printed;
}

bool has(const struct printed *printed, const char *word)
{
	return strstr(printed->text, word);
}

const char *line_with(const struct printed *printed, const char *word)
{
	static char line[8192];
	const char *at = strstr(printed->text, word);
	size_t len;

	cr_assert(at, "no \"%s\" in:\n%s", word, printed->text);
	while (at > printed->text && at[-1] != '\n')
		at--;
	len = strcspn(at, "\n");
	cr_assert(len < sizeof(line));
	memcpy(line, at, len);
	line[len] = '\0';
	return line;
}

struct tool tool_start(int queue, const char *format, ...)
{
	struct queue_figures figures;
	struct tool tool;
	char command[4000];
	va_list args;
	int output[2], waited = 0;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	cr_assert(!pipe2(output, O_CLOEXEC));
	tool.pid = fork();
	cr_assert(tool.pid >= 0);
	if (tool.pid == 0) {
		/* even if the test fails */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(output[1], 1);
		execlp("sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(output[1]);
	tool.output = output[0];
	/* there is no event to wait for */
	while (queue >= 0 &&
	       (!queue_figures(queue, &figures) || figures.mode == IPQ_COPY_NONE)) {
		cr_assert(waited++ < DEADLINE, "%s does not ask for packets of queue %d",
			  command, queue);
		poll(NULL, 0, 1);
	}
	return tool;
}

const char *tool_line(const struct tool *tool)
{
	static char line[1024];
	struct pollfd readable = { .fd = tool->output, .events = POLLIN };
	size_t len = 0;

	for (;;) {
		cr_assert(poll(&readable, 1, DEADLINE) == 1, "no line comes");
		cr_assert(len < sizeof(line));
		cr_assert(read(tool->output, line + len, 1) == 1, "it ended");
		if (line[len] == '\n')
			break;
		len++;
	}
	line[len] = '\0';
	return line;
}

int tool_wait(const struct tool *tool)
{
	struct pollfd ended = { syscall(SYS_pidfd_open, tool->pid, 0), POLLIN, 0 };
	int status;

	cr_assert(ended.fd >= 0);
	cr_assert(poll(&ended, 1, DEADLINE) == 1, "it does not end");
	close(ended.fd);
	cr_assert(waitpid(tool->pid, &status, 0) == tool->pid);
	close(tool->output);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void tool_stop(const struct tool *tool)
{
	kill(tool->pid, SIGTERM);
	tool_wait(tool);
}
