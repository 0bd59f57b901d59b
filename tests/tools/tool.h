/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl as a program: run to its end, or beside the test. Whatever fails here
 * ends the test with the reason. IPQCTL is its path. */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A shell command that reads JSON as d, in UTF-8 and nothing else, and prints values
 * that are written in Python: meson needs it too. */
#define JSON(values) "python3 -c \"import json, sys\n" \
		     "d = json.loads(sys.stdin.buffer.read().decode())\n" \
		     "print(" values ")\""

/* What a command printed, both streams. */
struct printed {
	int status;		/* exit status */
	char text[65536];
};

/* Runs a shell command. The result is overwritten by the next. */
const struct printed *shell(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* The line of text that has word in it, with its newline cut off; the test fails
 * if there is none. Overwritten by the next. */
const char *line_with(const struct printed *printed, const char *word);
bool has(const struct printed *printed, const char *word);

struct tool {
	pid_t pid;
	int output;
};

/* Starts a shell command, which must exec ipqctl, and waits until it has bound the
 * queue; -1 for none. */
struct tool tool_start(int queue, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The next line it prints, without its newline. */
const char *tool_line(const struct tool *tool);

/* Waits until it ends; its exit status. */
int tool_wait(const struct tool *tool);

/* Ends it. */
void tool_stop(const struct tool *tool);

#endif
