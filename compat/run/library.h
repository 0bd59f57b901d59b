/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the preload library that fits a program. Executes nothing. */
#ifndef RUN_LIBRARY_H
#define RUN_LIBRARY_H

#include <limits.h>
#include <stdbool.h>

#include "elf-file.h"

#define LIBRARY "libipq-preload.so"

/* The directory of ipq-run. Returns false, with errno set, if it cannot be found out. */
bool library_own_directory(char dir[PATH_MAX]);

/* Sets path to dir/rest. Returns whether that file can be read. */
bool library_is_file(char path[PATH_MAX], const char *dir, const char *rest);

/* Finds the installed library for the program; path is for LD_PRELOAD. Returns NULL, or
 * the reason why there is none, as a phrase to print after the program's name. */
const char *library_find(const struct elf_file *program, char path[PATH_MAX]);

/* Checks whether a library that the user has named fits the program. Returns NULL, or the
 * reason why it does not, as a phrase to print after the library's name. */
const char *library_check(const char *path, const struct elf_file *program);

#endif
