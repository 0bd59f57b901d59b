/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library's names that programs ask by what they have open. One of the module's
 * files says of itself what its name does; knows nothing of what is in them. */
/* Names with 64 are names here, not widths of those without. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include <sys/stat.h>

#include "export.h"
#include "files.h"
#include "next.h"

#ifdef __GLIBC__
/* What fstat(2) was in programs linked before glibc 2.33. */
int __fxstat(int version, int fd, struct stat *st);
int __fxstat64(int version, int fd, struct stat64 *st);
#endif

/* ask is done, and again with the name where it was one of ours: few files have none. */
#define ASK_OPEN(result, fd, st, by_name)				\
	do {								\
		enum module_file file = !result && !(st)->st_nlink ?	\
					files_opened(fd) : FILE_NONE;	\
									\
		return file ? by_name(files_stand_in(file), st) : result; \
	} while (0)

EXPORT int fstat(int fd, struct stat *st)
{
	int result = NEXT_STAT(fstat, __fxstat, fd, st);

	ASK_OPEN(result, fd, st, stat);
}

#ifdef __GLIBC__
EXPORT int fstat64(int fd, struct stat64 *st)
{
	int result = NEXT_STAT(fstat64, __fxstat64, fd, st);

	ASK_OPEN(result, fd, st, stat64);
}

EXPORT int __fxstat(int version, int fd, struct stat *st)
{
	int result = NEXT(__fxstat)(version, fd, st);

	ASK_OPEN(result, fd, st, stat);
}

EXPORT int __fxstat64(int version, int fd, struct stat64 *st)
{
	int result = NEXT(__fxstat64)(version, fd, st);

	ASK_OPEN(result, fd, st, stat64);
}
#endif
