/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The environment variables that programs under ipq-run need, and the environment of a
 * program that they execute, in case the variables would be lost. Allocates no memory, so
 * that it may be called where exec may. Does not know which programs these are. */
#ifndef SURROUNDINGS_ENVIRONMENT_H
#define SURROUNDINGS_ENVIRONMENT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Set by ipq-run. The first has the path of the library that all programs executed are to
 * preload, as in LD_PRELOAD; if it is not set, LD_PRELOAD is not restored. The second has
 * the directory of the wrappers which are executed instead of iptables and similar
 * commands; if it is not set, none is replaced. */
#define ENVIRONMENT_FOLLOW "IPQ_RUN_FOLLOW"
#define ENVIRONMENT_WRAPPERS "IPQ_RUN_WRAPPERS"

/* The highest number of a descriptor that was an ip_queue socket in the program that
 * executed this one. */
#define ENVIRONMENT_SOCKETS "IPQ_RUN_SOCKETS"

#define ENVIRONMENT_KEPT_MAX 32

struct environment {
	char *kept[ENVIRONMENT_KEPT_MAX + 1];	/* "NAME=VALUE", the last is NULL */
	unsigned int count;
	const char *library;	/* NULL: executed programs are not followed */
	size_t directory_len;	/* of library; it also has libipq.so.0 */
	const char *wrappers;	/* NULL: no command is replaced */
	size_t len;
	char text[3 * PATH_MAX];
};

/* Keeps copies of the variables that matter, from those that the program was started
 * with. Variables for which there is no room are left out. */
void environment_keep(struct environment *e, char *const *variables);

/* Returns the value of a variable; NULL if it is not set. */
const char *environment_get(char *const *variables, const char *name);

/* The room that a new environment needs. The caller has it on its stack, as memory that
 * is allocated after vfork(2) would never be freed. */
struct environment_room {
	size_t pointers, bytes;
	bool restore, find;
	int highest;
};

/* Whether a program that is executed with these variables needs others; if so, fills in
 * room. highest is the number of a descriptor that may be an ip_queue socket, or -1.
 * command: it is one of the wrappers, which need the settings even if executed programs
 * are not followed. */
bool environment_plan(const struct environment *e, char *const *variables, int highest,
		      bool command, struct environment_room *room);

/* Makes the new environment. Its variables are in bytes, in e or in the
 * old environment. */
void environment_make(const struct environment *e, char *const *variables,
		      const struct environment_room *room, char **pointers, char *bytes);

#endif
