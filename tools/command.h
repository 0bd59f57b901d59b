/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs other programs without a shell, for a limited time and with limited output. Knows
 * nothing of what they print. */
#ifndef IPQCTL_COMMAND_H
#define IPQCTL_COMMAND_H

#include <stddef.h>

enum command_end {
	COMMAND_DONE,		/* exit status 0 */
	COMMAND_FAILED,		/* any other exit status, or ended by a signal */
	COMMAND_MISSING,	/* there is no such program */
	COMMAND_TOO_LONG,	/* it took too long and was killed */
	COMMAND_TOO_MUCH,	/* it printed too much and was killed */
};

struct command {
	enum command_end end;
	char *output;		/* what it printed before it ended; may be NULL */
	size_t len;		/* bytes */
	char complaint[256];	/* first line of its stderr, made printable */
};

/* Runs the program argv[0], which is looked up in PATH, and fills in c. Its memory is
 * freed by command_free. */
void command_run(struct command *c, const char *const argv[]);
void command_free(struct command *c);

/* Says in words why the command failed. */
const char *command_failure(const struct command *c);

#endif
