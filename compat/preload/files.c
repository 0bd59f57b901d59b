/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interposes the functions of the C library that take a path. files.h tells which paths
 * are files of the module, and their contents. The kernel is asked first: it does not
 * have these files, and all others are opened as fast as without this library. */
/* open and open64 are separate functions here, not one whose types have
 * different sizes. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "export.h"
#include "files.h"
#include "maxlens.h"
#include "next.h"
#include "sockets.h"

#ifdef __GLIBC__
/* Called instead by programs compiled with _FORTIFY_SOURCE; not declared in headers. The
 * first four have no argument mode. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);
char *__realpath_chk(const char *path, char *to, size_t size);
/* Called instead of stat etc. by programs linked to glibc before 2.33. */
int __xstat(int version, const char *path, struct stat *st);
int __xstat64(int version, const char *path, struct stat64 *st);
int __lxstat(int version, const char *path, struct stat *st);
int __lxstat64(int version, const char *path, struct stat64 *st);
int __fxstatat(int version, int directory, const char *path, struct stat *st, int flags);
int __fxstatat64(int version, int directory, const char *path, struct stat64 *st,
		 int flags);
#endif

/* Returns which file of the module the path means, if errno says that the kernel does not
 * have it. If it is one, sets errno back to saved. */
static enum module_file find(int directory, const char *path, int saved)
{
	enum module_file file = files_may_be_missing(errno) ? files_find(directory, path) :
							      FILE_NONE;

	if (file)
		errno = saved;
	return file;
}

/* The same for a file that the kernel has, and whose contents we extend
 * (/proc/modules). */
static enum module_file find_more(int directory, const char *path, bool reads)
{
	return reads && files_may_say_more(path) ? files_find(directory, path) : FILE_NONE;
}

/* Returns what open(2) is to return. fd may have been the number of
 * another socket before. */
static int opened(int fd, int directory, const char *path, int flags, int saved)
{
	bool reads = (flags & (O_ACCMODE | O_PATH)) == O_RDONLY;
	enum module_file file = fd < 0 ? find(directory, path, saved) :
					 find_more(directory, path, reads);

	if (file && fd >= 0)
		/* files_open will get this number again, as the lowest */
		NEXT(close)(fd);
	if (file) {
		fd = files_open(file, flags);
		maxlens_opened(file, fd, flags);
		errno = fd < 0 ? errno : saved;
	}
	sockets_appeared(fd);
	return fd;
}

/* The argument mode exists, and may be read, only if the flags may create a
 * file (open(2)). */
#define OPEN(name, directory, path, flags, ...)				\
	mode_t mode = 0;						\
	int saved = errno, fd;						\
									\
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {	\
		va_list args;						\
									\
		va_start(args, flags);					\
		mode = va_arg(args, unsigned int);			\
		va_end(args);						\
	}								\
	fd = NEXT(name)(__VA_ARGS__, mode);				\
	return opened(fd, directory, path, flags, saved)

/* The same for functions without that argument. */
#define OPENED(call, directory, path, flags)				\
	int saved = errno, fd = call;					\
									\
	return opened(fd, directory, path, flags, saved)

EXPORT int open(const char *path, int flags, ...)
{
	OPEN(open, AT_FDCWD, path, flags, path, flags);
}

EXPORT int openat(int directory, const char *path, int flags, ...)
{
	OPEN(openat, directory, path, flags, directory, path, flags);
}

EXPORT int creat(const char *path, mode_t mode)
{
	OPENED(NEXT(creat)(path, mode), AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC);
}

/* Opens a stream on the file that fd refers to, and closes fd. */
static FILE *stream_of(int fd, const char *mode, FILE *(*function)(const char *path,
								    const char *mode))
{
	char name[sizeof("/proc/self/fd/2147483647")];
	FILE *stream;

	if (fd < 0)
		return NULL;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	stream = function(name, mode);
	NEXT(close)(fd);
	return stream;
}

static bool reads_only(const char *mode)
{
	return *mode == 'r' && !strchr(mode, '+');
}

static FILE *open_stream(enum module_file file, const char *mode,
			 FILE *(*function)(const char *path, const char *mode))
{
	FILE *stream;

	if (reads_only(mode))
		return stream_of(files_open(file, O_RDONLY | O_CLOEXEC), mode, function);
	stream = function(files_stand_in(file), mode);
	if (stream)
		maxlens_opened(file, fileno(stream), O_WRONLY);
	return stream;
}

#define FOPEN(name, path, mode)						\
	int saved = errno;						\
	FILE *stream = NEXT(name)(path, mode);				\
	enum module_file file = !stream ? find(AT_FDCWD, path, saved) :	\
				find_more(AT_FDCWD, path, reads_only(mode)); \
									\
	if (file && stream)						\
		NEXT(fclose)(stream);					\
	if (file) {							\
		stream = open_stream(file, mode, NEXT(name));		\
		errno = stream ? saved : errno;				\
	}								\
	return stream

EXPORT FILE *fopen(const char *restrict path, const char *restrict mode)
{
	FOPEN(fopen, path, mode);
}

/* If freopen fails the stream is closed, and it cannot be tried again; so the path is
 * examined first. */
static FILE *reopen(const char *path, const char *mode, FILE *stream,
		    FILE *(*function)(const char *path, const char *mode, FILE *stream))
{
	enum module_file file = path ? files_find(AT_FDCWD, path) : FILE_NONE;
	char name[sizeof("/proc/self/fd/2147483647")];
	int saved = errno, fd = -1;

	if (file && reads_only(mode))
		fd = files_open(file, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		stream = function(name, mode, stream);
		NEXT(close)(fd);
	} else {
		stream = function(file ? files_stand_in(file) : path, mode, stream);
		if (stream && file)
			maxlens_opened(file, fileno(stream), O_WRONLY);
	}
	errno = stream && file ? saved : errno;
	return stream;
}

EXPORT FILE *freopen(const char *restrict path, const char *restrict mode,
		     FILE *restrict stream)
{
	return reopen(path, mode, stream, NEXT(freopen));
}

/* fclose may write the rest of the stream's buffer to a maxlen file. */
EXPORT int fclose(FILE *stream)
{
	bool written = maxlens_any() && maxlens_closing(fileno(stream));
	int result = NEXT(fclose)(stream);

	if (written)
		maxlens_closed();
	return result;
}

/* For functions that ask about a file: on failure, repeats the call with the path of a
 * file that the kernel has and that is like it. */
#define ASK(call, directory, path)					\
	int saved = errno;						\
	__typeof__(call) result = call;					\
	enum module_file file = result < 0 ? find(directory, path, saved) : FILE_NONE; \
									\
	if (!file)							\
		return result;						\
	path = files_stand_in(file);					\
	return call

EXPORT int access(const char *path, int mode)
{
	ASK(NEXT(access)(path, mode), AT_FDCWD, path);
}

EXPORT int faccessat(int directory, const char *path, int mode, int flags)
{
	ASK(NEXT(faccessat)(directory, path, mode, flags), directory, path);
}

EXPORT int stat(const char *restrict path, struct stat *restrict st)
{
	ASK(NEXT_STAT(stat, __xstat, path, st), AT_FDCWD, path);
}

EXPORT int lstat(const char *restrict path, struct stat *restrict st)
{
	ASK(NEXT_STAT(lstat, __lxstat, path, st), AT_FDCWD, path);
}

EXPORT int fstatat(int directory, const char *restrict path, struct stat *restrict st,
		   int flags)
{
	ASK(NEXT(fstatat)(directory, path, st, flags), directory, path);
}

EXPORT ssize_t getxattr(const char *path, const char *name, void *value, size_t size)
{
	ASK(NEXT(getxattr)(path, name, value, size), AT_FDCWD, path);
}

EXPORT ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size)
{
	ASK(NEXT(lgetxattr)(path, name, value, size), AT_FDCWD, path);
}

EXPORT ssize_t listxattr(const char *path, char *list, size_t size)
{
	ASK(NEXT(listxattr)(path, list, size), AT_FDCWD, path);
}

EXPORT ssize_t llistxattr(const char *path, char *list, size_t size)
{
	ASK(NEXT(llistxattr)(path, list, size), AT_FDCWD, path);
}

EXPORT ssize_t readlink(const char *restrict path, char *restrict to, size_t size)
{
	ASK(NEXT(readlink)(path, to, size), AT_FDCWD, path);
}

EXPORT ssize_t readlinkat(int directory, const char *restrict path, char *restrict to,
			  size_t size)
{
	ASK(NEXT(readlinkat)(directory, path, to, size), directory, path);
}

/* Resolves the directory of the path, and appends the name. */
static bool resolve(const char *path, char to[PATH_MAX])
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char directory[PATH_MAX];

	snprintf(directory, sizeof(directory), "%.*s.", (int)(base - path), path);
	return NEXT(realpath)(directory, to) &&
	       strlen(to) + 1 + strlen(base) < PATH_MAX &&
	       strcat(strcat(to, "/"), base);
}

/* If to is NULL, the result is allocated. */
static char *resolved(char *result, const char *path, char *to)
{
	char own[PATH_MAX];

	/* like the C library's realpath, this may change errno on success */
	if (result || !find(AT_FDCWD, path, errno) || !resolve(path, own))
		return result;
	return to ? strcpy(to, own) : strdup(own);
}

EXPORT char *realpath(const char *restrict path, char *restrict to)
{
	return resolved(NEXT(realpath)(path, to), path, to);
}

#ifdef __GLIBC__
EXPORT char *__realpath_chk(const char *path, char *to, size_t size)
{
	return resolved(NEXT(__realpath_chk)(path, to, size), path, to);
}

EXPORT char *canonicalize_file_name(const char *path)
{
	return resolved(NEXT(canonicalize_file_name)(path), path, NULL);
}

EXPORT int open64(const char *path, int flags, ...)
{
	OPEN(open64, AT_FDCWD, path, flags, path, flags);
}

EXPORT int openat64(int directory, const char *path, int flags, ...)
{
	OPEN(openat64, directory, path, flags, directory, path, flags);
}

EXPORT int creat64(const char *path, mode_t mode)
{
	OPENED(NEXT(creat64)(path, mode), AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC);
}

EXPORT int __open_2(const char *path, int flags)
{
	OPENED(NEXT(__open_2)(path, flags), AT_FDCWD, path, flags);
}

EXPORT int __open64_2(const char *path, int flags)
{
	OPENED(NEXT(__open64_2)(path, flags), AT_FDCWD, path, flags);
}

EXPORT int __openat_2(int directory, const char *path, int flags)
{
	OPENED(NEXT(__openat_2)(directory, path, flags), directory, path, flags);
}

EXPORT int __openat64_2(int directory, const char *path, int flags)
{
	OPENED(NEXT(__openat64_2)(directory, path, flags), directory, path, flags);
}

EXPORT FILE *fopen64(const char *restrict path, const char *restrict mode)
{
	FOPEN(fopen64, path, mode);
}

EXPORT FILE *freopen64(const char *restrict path, const char *restrict mode,
		       FILE *restrict stream)
{
	return reopen(path, mode, stream, NEXT(freopen64));
}

EXPORT int euidaccess(const char *path, int mode)
{
	ASK(NEXT(euidaccess)(path, mode), AT_FDCWD, path);
}

EXPORT int eaccess(const char *path, int mode)
{
	ASK(NEXT(eaccess)(path, mode), AT_FDCWD, path);
}

EXPORT int stat64(const char *restrict path, struct stat64 *restrict st)
{
	ASK(NEXT_STAT(stat64, __xstat64, path, st), AT_FDCWD, path);
}

EXPORT int lstat64(const char *restrict path, struct stat64 *restrict st)
{
	ASK(NEXT_STAT(lstat64, __lxstat64, path, st), AT_FDCWD, path);
}

EXPORT int fstatat64(int directory, const char *restrict path,
		     struct stat64 *restrict st, int flags)
{
	ASK(NEXT(fstatat64)(directory, path, st, flags), directory, path);
}

EXPORT int __xstat(int version, const char *path, struct stat *st)
{
	ASK(NEXT(__xstat)(version, path, st), AT_FDCWD, path);
}

EXPORT int __xstat64(int version, const char *path, struct stat64 *st)
{
	ASK(NEXT(__xstat64)(version, path, st), AT_FDCWD, path);
}

EXPORT int __lxstat(int version, const char *path, struct stat *st)
{
	ASK(NEXT(__lxstat)(version, path, st), AT_FDCWD, path);
}

EXPORT int __lxstat64(int version, const char *path, struct stat64 *st)
{
	ASK(NEXT(__lxstat64)(version, path, st), AT_FDCWD, path);
}

EXPORT int __fxstatat(int version, int directory, const char *path, struct stat *st,
		      int flags)
{
	ASK(NEXT(__fxstatat)(version, directory, path, st, flags), directory, path);
}

EXPORT int __fxstatat64(int version, int directory, const char *path, struct stat64 *st,
			int flags)
{
	ASK(NEXT(__fxstatat64)(version, directory, path, st, flags), directory, path);
}
#endif

#ifdef STATX_TYPE	/* since glibc 2.28 */
EXPORT int statx(int directory, const char *restrict path, int flags, unsigned int mask,
		 struct statx *restrict st)
{
	ASK(NEXT(statx)(directory, path, flags, mask, st), directory, path);
}
#endif
