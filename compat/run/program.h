/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether and how a program can be served, from its file and words alone. Knows nothing of
 * by what. */
#ifndef RUN_PROGRAM_H
#define RUN_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "elf-file.h"

/* Returns NULL and what the file says of itself, or why the program cannot be served,
 * in words that may follow the file's name: the cause, then what can be done. culprit
 * is that file: path itself, or the interpreter of a script. */
const char *program_examine(const char *path, struct elf_file *elf,
			    char culprit[PATH_MAX]);

/* Whether the program may look for the module's files: whether its file, a word given to
 * it, or a file of such a name says "ip_queue" or "ip6_queue". */
bool program_names_files(const char *path, char *const *words);

#endif
