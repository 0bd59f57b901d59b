/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as they are shown: a line each, a paragraph each on a terminal, or JSON. Knows
 * nothing of what is looked for. */
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
	bool colours;		/* on a terminal, which is */
	unsigned int width;	/* so many columns wide; 0: a line for each */
	unsigned int findings, problems;
};

struct finding {
	enum level level;
	const char *kind;	/* a word for scripts */
	const char *what;
	const char *why;	/* it matters, and */
	const char *mend;	/* what to do; both may be NULL */
	const char *command;	/* that does it, for a shell; behind mend; may be NULL */
};

void report(struct report *r, const struct finding *finding);

#define REPORT(r, ...) report(r, &(struct finding){ __VA_ARGS__ })

/* The end of it. Returns the exit status. */
int report_end(const struct report *r);

/* As printf, into a string to be freed; ends the program if there is no memory. */
char *format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a JSON string, quotes included; what is not UTF-8 is replaced. */
void json_string(struct text t);

#endif
