/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which file is really executed when a program under ipq-run executes another,
 * with which arguments and which environment. Allocates no memory, so that it may be
 * called where exec may. Does not know which function or system call the program uses. */
#ifndef SURROUNDINGS_EXECUTION_H
#define SURROUNDINGS_EXECUTION_H

#include "environment.h"

/* Name of the wrapper, in the directory of wrappers, that is executed instead of a
 * command. Its arguments are the path of that command and the arguments for it. */
#define EXECUTION_INSTEAD "instead-of"

struct execution {
	const char *file;	/* what to execute; NULL: the file that was asked for */
	/* Number of pointers for the arguments, including the NULL at the end; 0: as
	 * given by the program. */
	size_t words;
	bool environment;	/* whether the environment changes */
	struct environment_room room;	/* if so, the room that it needs */
};

/* Decides. file may be NULL if it is not known. instead is the path of the wrapper, or
 * NULL. highest as for environment_plan. */
void execution_plan(struct execution *x, const struct environment *e, const char *instead,
		    const char *file, char *const *words, char *const *variables,
		    int highest);

/* Writes the arguments for the wrapper to "to", which has room for x->words pointers. */
void execution_words(const struct execution *x, const char *file, char *const *words,
		     char **to);

#endif
