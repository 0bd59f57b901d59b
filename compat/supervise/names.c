/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out system calls with a file name, such as open(2), stat(2) and access(2), if
 * it is one of the module's files, and fstat(2) for these. The filter cannot read names,
 * so that either all calls with a name are handed over or none. For nearly all of them the
 * last part of the name shows that the kernel must carry them out. Knows nothing of what
 * is in the files (files.h). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "executions.h"
#include "files.h"
#include "layout.h"
#include "names.h"
#include "served.h"
#include "thread.h"
#include "written.h"

/* Which argument is which; -1 if there is none. */
struct shape {
	int8_t directory, name;
	int8_t how;			/* flags of open(2), or mode of access(2) */
	int8_t result;			/* the address that the result is written to */
};

#ifndef STATX_TYPE
struct statx { char space[256]; };
#endif

static const struct shape shapes[] = {
	[CALL_OPEN] = { -1, 0, 1, -1 },
	[CALL_OPENAT] = { 0, 1, 2, -1 },
	[CALL_OPENAT2] = { 0, 1, 2, -1 },
	[CALL_CREAT] = { -1, 0, -1, -1 },
	[CALL_STAT] = { -1, 0, -1, 1 },
	[CALL_STAT_NARROW] = { -1, 0, -1, 1 },
	[CALL_STATAT] = { 0, 1, -1, 2 },
	[CALL_STATX] = { 0, 1, -1, 4 },
	[CALL_ACCESS] = { -1, 0, 1, -1 },
	[CALL_ACCESSAT] = { 0, 1, 2, -1 },
	[CALL_READLINK] = { -1, 0, -1, -1 },
	[CALL_READLINKAT] = { 0, 1, -1, -1 },
	[CALL_ATTRIBUTES] = { -1, 0, -1, -1 },
	[CALL_FSTAT] = { -1, -1, -1, 1 },
	[CALL_FSTAT_NARROW] = { -1, -1, -1, 1 },
};

static void *pointer(uint64_t at)
{
	return (void *)(uintptr_t)at;
}

/* Opens the directory to which a relative path refers. Returns -1 on failure. */
static int open_directory(const struct call *c, const struct shape *shape)
{
	int fd = shape->directory < 0 ? AT_FDCWD : (int)c->args[shape->directory];
	char path[64];

	if (fd == AT_FDCWD)
		snprintf(path, sizeof(path), "/proc/%d/cwd", (int)c->thread);
	else
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)c->thread, fd);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Whether the call is about the descriptor in its first argument, and not about a name. */
static bool is_of_descriptor(const struct call *c)
{
	switch (c->kind) {
	case CALL_FSTAT:
	case CALL_FSTAT_NARROW:
		return true;
	case CALL_STATAT:
		return c->args[3] & AT_EMPTY_PATH;
	case CALL_STATX:
		return c->args[2] & AT_EMPTY_PATH;
	default:
		return false;
	}
}

static enum module_file find_opened(const struct call *c, const struct shape *shape)
{
	enum module_file file;
	char name;
	int fd;

	/* AT_EMPTY_PATH is allowed with a name that is not empty */
	if (shape->name >= 0 &&
	    (thread_read(c->thread, &name, pointer(c->args[shape->name]), 1) || name))
		return FILE_NONE;
	fd = thread_descriptor(c->thread, (int)c->args[0]);
	if (fd < 0)
		return FILE_NONE;
	file = files_opened(fd);
	close(fd);
	return file;
}

static enum module_file find(const struct call *c, const struct shape *shape)
{
	enum module_file file = FILE_NONE;
	char name[PATH_MAX];
	int directory;

	if (thread_read_text(c->thread, name, pointer(c->args[shape->name]),
			     sizeof(name)) <= 0 || !files_may_mean(name))
		return FILE_NONE;
	if (*name == '/') {
		file = files_find(AT_FDCWD, name);
	} else {
		directory = open_directory(c, shape);
		if (directory >= 0) {
			file = files_find(directory, name);
			close(directory);
		}
	}
	/* our wrapper of lsmod must get the kernel's list of modules */
	return file == FILE_MODULES && executions_is_wrapper(c->thread) ? FILE_NONE : file;
}

/* Returns false if the argument cannot be read. */
static bool get_flags(const struct call *c, const struct shape *shape, int *flags)
{
	uint64_t how;		/* the first of struct open_how */

	if (c->kind == CALL_CREAT) {
		*flags = O_CREAT | O_WRONLY | O_TRUNC;
	} else if (c->kind != CALL_OPENAT2) {
		*flags = (int)c->args[shape->how];
	} else {
		if (thread_read(c->thread, &how, pointer(c->args[shape->how]), sizeof(how)))
			return false;
		*flags = (int)how;
	}
	return true;
}

static int64_t open_file(const struct call *c, const struct window *w,
			 const struct shape *shape, struct attempt *a,
			 enum module_file file)
{
	bool writes;
	int flags;

	if (!get_flags(c, shape, &flags))
		return CALL_CONTINUES;
	writes = (flags & O_ACCMODE) != O_RDONLY;
	if (writes && file == FILE_MODULES)
		return CALL_CONTINUES;
	if (writes && !served_is_administrator())
		return -EACCES;
	a->fd = files_open(file, flags | O_CLOEXEC);
	if (a->fd < 0)
		return -errno;
	if (writes)
		written_watch(a->fd, file);
	/* a number in the window, so that the filter hands over close(2) and fstat(2) */
	a->to = thread_free_number(c->thread, w->first, w->end);
	a->flags = flags & O_CLOEXEC;
	return CALL_GIVES;
}

/* The permissions are those of the kernel's file: all users may read, root may write. */
static int64_t may_access(int mode)
{
	if (mode & X_OK || (mode & W_OK && !served_is_administrator()))
		return -EACCES;
	return mode & ~(R_OK | W_OK) ? -EINVAL : 0;
}

static int64_t ask_statx(const struct call *c, const char *name, uint64_t at)
{
#ifdef SYS_statx
	struct statx stx;	/* the same on all architectures */

	if (syscall(SYS_statx, AT_FDCWD, name, (int)c->args[2], (unsigned int)c->args[3], &stx))
		return -errno;
	return thread_write(c->thread, pointer(at), &stx, sizeof(stx)) ? -EFAULT : 0;
#else
	(void)c;
	(void)name;
	(void)at;
	return -ENOSYS;
#endif
}

static bool kernel_has(enum module_file file)
{
	return file == FILE_MODULES && !access("/proc/modules", F_OK);
}

/* Asks the same about the file that the kernel has in its place. */
static int64_t ask(const struct call *c, const struct shape *shape, enum module_file file)
{
	const char *name = kernel_has(file) ? "/proc/modules" : files_stand_in(file);
	uint64_t at = c->args[shape->result];
	struct stat st;

	if (c->kind == CALL_STATX)
		return ask_statx(c, name, at);
	if (fstatat(AT_FDCWD, name, &st, c->kind == CALL_STATAT ? (int)c->args[3] : 0))
		return -errno;
	layout_put_stat(c, at, &st);
	return layout_put_all(c);
}

/* Answers a call about the file. If it is about a name that the kernel has itself, the
 * kernel must answer. */
static int64_t answer(const struct call *c, const struct window *w,
		      const struct shape *shape, struct attempt *a, enum module_file file)
{
	switch (c->kind) {
	case CALL_OPEN:
	case CALL_OPENAT:
	case CALL_OPENAT2:
	case CALL_CREAT:
		return open_file(c, w, shape, a, file);
	default:
		break;
	}
	if (kernel_has(file) && !is_of_descriptor(c))
		return CALL_CONTINUES;
	switch (c->kind) {
	case CALL_ACCESS:
	case CALL_ACCESSAT:
		return may_access((int)c->args[shape->how]);
	case CALL_READLINK:
	case CALL_READLINKAT:
		return -EINVAL;
	case CALL_ATTRIBUTES:
		return -EOPNOTSUPP;
	default:
		return ask(c, shape, file);
	}
}

int64_t names_carry_out(const struct call *c, const struct window *w, struct attempt *a)
{
	const struct shape *shape = &shapes[c->kind];
	enum module_file file = is_of_descriptor(c) ? find_opened(c, shape) :
						      find(c, shape);
	int64_t result;

	if (!file)
		return CALL_CONTINUES;
	served_enter_network();
	served_take_environment();
	result = answer(c, w, shape, a, file);
	served_end();
	return result;
}
