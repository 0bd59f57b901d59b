/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is really executed when a served program executes another, and with which words
 * and environment. Allocates nothing and may be used where exec may; knows nothing of
 * how programs ask for it. */
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

/* Not if it cannot be reached (chroot(2)), or is what was meant. */
static bool is_replaced(const char *instead, const char *file, char *const *words)
{
	struct stat own, meant;
	struct command c;

	return command_find(file, words, &c) && !stat(instead, &own) &&
	       !access(instead, X_OK) && (stat(file, &meant) || !is_same(&own, &meant));
}

/* Whether the kernel will set AT_SECURE, and the loader ignore LD_PRELOAD (ld.so(8)). */
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
