/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides from a program's file alone whether it can be served. Does not know how it is
 * served. */
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

#endif
