/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which file is really executed when a program under ipq-run executes another,
 * with which arguments and which environment. Allocates no memory, so that it may be
 * called where exec may. Does not know which function or system call the program uses. */
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "commands.h"
#include "execution.h"

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether the wrapper is to be executed instead of the file: not if it cannot be reached
 * (after chroot(2)), or is the file itself. */
static bool is_replaced(const char *instead, const char *file, char *const *words)
{
	struct stat own, meant;
	struct command c;

	return command_find(file, words, &c) && !stat(instead, &own) &&
	       !access(instead, X_OK) && (stat(file, &meant) || !is_same(&own, &meant));
}

/* Whether executing the file gains privileges, so that the kernel sets AT_SECURE and the
 * dynamic loader ignores LD_PRELOAD (ld.so(8)). */
static bool gains_privileges(const char *file)
{
	struct stat st;

	if (stat(file, &st))
		return false;
	return (st.st_mode & S_ISUID && st.st_uid != getuid()) ||
	       (st.st_mode & S_ISGID && st.st_mode & S_IXGRP && st.st_gid != getgid()) ||
	       (getuid() != 0 && getxattr(file, "security.capability", NULL, 0) > 0);
}

static size_t count_of(char *const *words)
{
	size_t count = 0;

	while (words && words[count])
		count++;
	return count;
}

void execution_plan(struct execution *x, const struct environment *e, const char *instead,
		    const char *file, char *const *words, char *const *variables,
		    int highest)
{
	bool replaced = instead && file && is_replaced(instead, file, words);

	x->file = replaced ? instead : NULL;
	x->words = replaced ? count_of(words) + 3 : 0;
	x->environment = environment_plan(e, variables, highest, replaced, &x->room) &&
			 (replaced || !file || !gains_privileges(file));
	if (!x->environment)
		x->room = (struct environment_room) { 0 };
}

void execution_words(const struct execution *x, const char *file, char *const *words,
		     char **to)
{
	to[0] = (char *)EXECUTION_INSTEAD;
	to[1] = (char *)file;
	if (x->words > 3)
		memcpy(to + 2, words, (x->words - 3) * sizeof(*to));
	to[x->words - 1] = NULL;
}
