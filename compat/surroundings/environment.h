/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program beneath ipq-run has in its environment to be served, and what the
 * next one gets if it was to lose that. Allocates nothing and may be used where exec
 * may; knows nothing of which programs these are. */
#ifndef SURROUNDINGS_ENVIRONMENT_H
#define SURROUNDINGS_ENVIRONMENT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* What ipq-run says by them: the library that whatever a program starts is to have, as
 * LD_PRELOAD has it; the directory of the commands that are run in the place of
 * iptables and its like. Without them programs lose the first, and keep the second. */
#define ENVIRONMENT_FOLLOW "IPQ_RUN_FOLLOW"
#define ENVIRONMENT_WRAPPERS "IPQ_RUN_WRAPPERS"

/* The highest number of a descriptor that was an ip_queue socket of the program
 * before. */
#define ENVIRONMENT_SOCKETS "IPQ_RUN_SOCKETS"

#define ENVIRONMENT_KEPT_MAX 32

struct environment {
	char *kept[ENVIRONMENT_KEPT_MAX + 1];	/* "NAME=VALUE", and NULL */
	unsigned int count;
	const char *library;	/* NULL: nothing follows */
	size_t directory_len;	/* in which it is, with libipq.so.0 */
	const char *wrappers;	/* NULL: no command is replaced */
	size_t len;
	char text[3 * PATH_MAX];
};

/* Keeps what counts of the variables a program was started with. What does not fit is
 * left out. */
void environment_keep(struct environment *e, char *const *variables);

/* The value of a variable, NULL if there is none. */
const char *environment_get(char *const *variables, const char *name);

/* Another list of variables, and room for it: to be had on the stack of who executes,
 * as what is allocated after vfork(2) stays so. */
struct environment_room {
	size_t pointers, bytes;
	bool restore, find;
	int highest;
};

/* Whether a program that is to have these variables gets others. highest is the number
 * of a descriptor that may be an ip_queue socket, or -1; one of the commands must know
 * the settings, whatever follows. */
bool environment_plan(const struct environment *e, char *const *variables, int highest,
		      bool command, struct environment_room *room);

/* Makes them, all of which are in pointers and bytes, in e or among the variables. */
void environment_make(const struct environment *e, char *const *variables,
		      const struct environment_room *room, char **pointers, char *bytes);

#endif
