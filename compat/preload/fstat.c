/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interposes the functions that return the status of an open file. For a descriptor of
 * one of the module's files, they return the same status as stat(2) of its path. Knows
 * nothing of the contents. */
/* fstat and fstat64 are separate functions here, not one whose types have
 * different sizes. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include <sys/stat.h>

#include "export.h"
#include "files.h"
#include "next.h"

#ifdef __GLIBC__
/* Called instead of fstat by programs linked to glibc before 2.33. */
int __fxstat(int version, int fd, struct stat *st);
int __fxstat64(int version, int fd, struct stat64 *st);
#endif

/* The descriptors that need it are files in memory, with no links; few other files have
 * none. For these, asks by the path of a file of the kernel's (files_stand_in). */
#define ASK_OPEN(call, fd, st, by_name)					\
	int result = call;						\
	enum module_file file = !result && !(st)->st_nlink ? files_opened(fd) : FILE_NONE; \
									\
	return file ? by_name(files_stand_in(file), st) : result

EXPORT int fstat(int fd, struct stat *st)
{
	ASK_OPEN(NEXT_STAT(fstat, __fxstat, fd, st), fd, st, stat);
}

#ifdef __GLIBC__
EXPORT int fstat64(int fd, struct stat64 *st)
{
	ASK_OPEN(NEXT_STAT(fstat64, __fxstat64, fd, st), fd, st, stat64);
}

EXPORT int __fxstat(int version, int fd, struct stat *st)
{
	ASK_OPEN(NEXT(__fxstat)(version, fd, st), fd, st, stat);
}

EXPORT int __fxstat64(int version, int fd, struct stat64 *st)
{
	ASK_OPEN(NEXT(__fxstat64)(version, fd, st), fd, st, stat64);
}
#endif
