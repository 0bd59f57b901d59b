/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints findings: one line each, a paragraph each on a terminal, or JSON. Knows nothing
 * of what they are about. */
#ifndef IPQCTL_REPORT_H
#define IPQCTL_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

enum level {
	OK,
	NOTE,		/* worth knowing */
	PROBLEM,	/* packets are lost, or nothing works */
};

struct report {
	bool json;
	bool colours;		/* output is a terminal with colours */
	unsigned int width;	/* columns of the terminal; 0: print one line each */
	unsigned int findings, problems;
};

struct finding {
	enum level level;
	const char *kind;	/* one word, for scripts */
	const char *what;
	const char *why;	/* why it matters; may be NULL */
	const char *mend;	/* how to fix it; may be NULL */
	const char *command;	/* shell command for it, printed after mend; may be NULL */
};

void report(struct report *r, const struct finding *finding);

#define REPORT(r, ...) report(r, &(struct finding){ __VA_ARGS__ })

/* Prints the conclusion. Returns the exit status. */
int report_end(const struct report *r);

/* Like printf(3), but returns the text, to be freed. Ends the program if
 * there is no memory. */
char *format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a JSON string with its quotes. Bytes that are not UTF-8 are replaced. */
void json_string(struct text t);

#endif
