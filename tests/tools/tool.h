/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs ipqctl to its end, or at the same time as the test. On failure, ends the test and
 * says why. IPQCTL is its path. */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A shell command that reads JSON, which must be UTF-8, into d and prints the values,
 * which are Python expressions. The build needs python3 anyway, for meson. */
#define JSON(values) "python3 -c \"import json, sys\n" \
		     "d = json.loads(sys.stdin.buffer.read().decode())\n" \
		     "print(" values ")\""

/* Output of a command: stdout and stderr. */
struct printed {
	int status;
	char text[65536];
};

/* Runs a shell command. The result is valid until the next call. */
const struct printed *shell(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* line_with returns the line of the output that contains the word, without its newline,
 * and fails if there is none. The result is valid until the next call. has returns
 * whether there is one. */
const char *line_with(const struct printed *printed, const char *word);
bool has(const struct printed *printed, const char *word);

struct tool {
	pid_t pid;
	int output;
};

/* Starts a shell command, which must exec ipqctl. Waits until ipqctl gets the packets of the
 * queue number, if that is not negative. */
struct tool tool_start(int queue, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Returns the next line it prints, without its newline. */
const char *tool_line(const struct tool *tool);

/* Waits for its end. Returns its exit status. */
int tool_wait(const struct tool *tool);

/* Ends it. */
void tool_stop(const struct tool *tool);

#endif
