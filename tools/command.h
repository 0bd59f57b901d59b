/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs, run without a shell, for a limited time, with limited output.
 * Knows nothing of what they print. */
#ifndef IPQCTL_COMMAND_H
#define IPQCTL_COMMAND_H

#include <stddef.h>

enum command_end {
	COMMAND_DONE,		/* exit status 0 */
	COMMAND_FAILED,		/* another */
	COMMAND_MISSING,	/* there is no such program */
	COMMAND_TOO_LONG,	/* stopped: it took too long, */
	COMMAND_TOO_MUCH,	/* or printed too much */
};

struct command {
	enum command_end end;
	char *output;		/* what it printed, until then; may be NULL */
	size_t len;		/* bytes */
	char complaint[256];	/* first line on its stderr, fit to be shown */
};

/* Runs argv, found by PATH. command_free gives back what c has. */
void command_run(struct command *c, const char *const argv[]);
void command_free(struct command *c);

/* Why it did not do what it should, in words. */
const char *command_failure(const struct command *c);

#endif
