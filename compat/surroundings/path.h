/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolves paths, and looks into files. Allocates no memory, so that it may be called after
 * vfork(2) and in signal handlers. Does not know what the files are for. */
#ifndef SURROUNDINGS_PATH_H
#define SURROUNDINGS_PATH_H

#include <limits.h>
#include <stdbool.h>

/* Returns what follows the last slash. */
const char *path_base(const char *path);

/* Finds an executable file like execvp(3): in the directories, a list separated by colons
 * (NULL: the default of execvp), or if name contains a slash, by that path. Returns false
 * and errno if there is none. */
bool path_find(const char *name, const char *directories, char found[PATH_MAX]);

/* Follows symbolic links. The final file need not exist. Returns false if there are too
 * many links, or a path is too long. */
bool path_follow(const char *file, char end[PATH_MAX]);

/* Finds the path of an open file. Returns false if it has none. */
bool path_of_descriptor(int fd, char path[PATH_MAX]);

/* Whether the file is a regular one that begins with start and contains the text. */
bool path_file_has(const char *path, const char *start, const char *text);

/* Writes a number, which must not be negative, in decimal. For signal handlers, where
 * snprintf(3) is not allowed. */
#define PATH_NUMBER_MAX sizeof("2147483647")
void path_put_number(char to[PATH_NUMBER_MAX], int number);

#endif
