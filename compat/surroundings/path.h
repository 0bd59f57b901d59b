/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file a name leads to. Allocates nothing and may be used where exec may,
 * after vfork(2) and in signal handlers; knows nothing of what files are for. */
#ifndef SURROUNDINGS_PATH_H
#define SURROUNDINGS_PATH_H

#include <limits.h>
#include <stdbool.h>

/* What follows the last slash. */
const char *path_base(const char *path);

/* Finds name in the directories (":" between them; NULL: those of execvp(3) without
 * PATH) as execvp does. One with a slash is found where it says. False and errno if
 * there is none that can be run. */
bool path_find(const char *name, const char *directories, char found[PATH_MAX]);

/* Follows file through symbolic links to what it leads to, which need not be there.
 * False if the way has no end, or a name is too long. */
bool path_follow(const char *file, char end[PATH_MAX]);

/* Finds out where an open file is. False if that is not known. */
bool path_of_descriptor(int fd, char path[PATH_MAX]);

/* Writes a number that is not negative: snprintf(3) is not for signal handlers. */
#define PATH_NUMBER_MAX sizeof("2147483647")
void path_put_number(char to[PATH_NUMBER_MAX], int number);

#endif
