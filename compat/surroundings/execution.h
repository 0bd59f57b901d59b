/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is really executed when a served program executes another, and with which words
 * and environment. Allocates nothing and may be used where exec may; knows nothing of
 * how programs ask for it. */
#ifndef SURROUNDINGS_EXECUTION_H
#define SURROUNDINGS_EXECUTION_H

#include "environment.h"

/* The command that is run in the place of others, in the wrappers' directory. Its words
 * are the file that was meant, and those that were meant for it. */
#define EXECUTION_INSTEAD "instead-of"

struct execution {
	const char *file;	/* NULL: the one that was meant */
	size_t words;		/* room for so many, with NULL; 0: those that were meant */
	bool environment;	/* another than was meant, */
	struct environment_room room;	/* and room for it */
};

/* file may be NULL, if it is not known; instead, the command's path, may be too.
 * highest as for environment_plan. */
void execution_plan(struct execution *x, const struct environment *e, const char *instead,
		    const char *file, char *const *words, char *const *variables,
		    int highest);

/* The words for instead, where there is room for them. */
void execution_words(const struct execution *x, const char *file, char *const *words,
		     char **to);

#endif
