/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides from a program's file and words alone whether and how it can be served. Does
 * not know what serves it. */
#ifndef RUN_PROGRAM_H
#define RUN_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "elf-file.h"

/* Examines the program at path. Returns NULL and describes the file in elf, or returns
 * the reason why the program cannot be served: a phrase to print after the file's name,
 * with the cause and then what can be done. culprit is set to the name of that file,
 * which is path itself or the interpreter of a script. */
const char *program_examine(const char *path, struct elf_file *elf,
			    char culprit[PATH_MAX]);

/* Whether the program may use the module's files: whether its own file, an argument, or a
 * file that an argument names contains "ip_queue" or "ip6_queue". */
bool program_names_files(const char *path, char *const *words);

#endif
