/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as they are shown, a line each, for people or as JSON. Knows nothing
 * of what is looked for. */
#ifndef IPQCTL_REPORT_H
#define IPQCTL_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

enum level {
	OK,
	NOTE,		/* worth knowing */
	PROBLEM,	/* packets are lost, or nothing can work */
};

struct report {
	bool json;
	unsigned int findings, problems;
};

/* kind is a word for scripts, mend a command or what else to do; NULL if there
 * is nothing to be done. */
void report(struct report *r, enum level level, const char *kind, const char *what,
	    const char *why, const char *mend);

/* The end of it. Returns the exit status. */
int report_end(const struct report *r);

/* As printf, into a string to be freed; ends the program if there is no memory. */
char *format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a JSON string, quotes included; what is not UTF-8 is replaced. */
void json_string(struct text t);

#endif
