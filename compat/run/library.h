/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which preload library fits a program, and where it is. Runs nothing. */
#ifndef RUN_LIBRARY_H
#define RUN_LIBRARY_H

#include <limits.h>
#include <stdbool.h>

#include "elf-file.h"

#define LIBRARY "libipq-preload.so"

/* Where ipq-run is, with no file name. False and errno if that cannot be found out. */
bool library_own_directory(char dir[PATH_MAX]);

/* The file named rest in dir, if it can be read. */
bool library_is_file(char path[PATH_MAX], const char *dir, const char *rest);

/* Finds the installed one for the program, as LD_PRELOAD may name it. Returns NULL, or
 * why there is none, in words that may follow the program's name. */
const char *library_find(const struct elf_file *program, char path[PATH_MAX]);

/* Whether a file that somebody named fits. Returns NULL, or why it does not, in words
 * that may follow its name. */
const char *library_check(const char *path, const struct elf_file *program);

#endif
