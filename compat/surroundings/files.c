/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files in /proc that the module ip_queue had: which path names one of them, and
 * their contents. Does not know how programs open files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <linux/magic.h>

#include "files.h"
#include "held.h"
#include "maxlen.h"
#include "modules.h"
#include "path.h"

/* Seven lines, each with a number of the greatest length. */
#define TEXT_MAX 512

bool files_may_be_missing(int error)
{
	/* EPERM, EACCES and EROFS if the file would be created, which
	 * procfs allows nobody */
	return error == ENOENT || error == EACCES || error == EROFS || error == EPERM;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

static const char *const names[] = {
	[FILE_QUEUE] = "ip_queue",
	[FILE_QUEUE6] = "ip6_queue",
	[FILE_MAXLEN] = "ip_queue_maxlen",
	[FILE_MAXLEN6] = "ip6_queue_maxlen",
	[FILE_MODULES] = "modules",
};

/* Finds the file by its name without directory. */
static enum module_file find_by_name(const char *base)
{
	for (enum module_file file = FILE_QUEUE; file <= FILE_MODULES; file++)
		if (!strcmp(base, names[file]))
			return file;
	return FILE_NONE;
}

/* Whether "directory", a path as procfs names it, is the one that the file is in.
 * /proc/net is a link to /proc/PID/net; threads have /proc/PID/task/TID/net. */
static bool is_its_directory(enum module_file file, const char *directory)
{
	size_t len = strlen(directory);

	switch (file) {
	case FILE_QUEUE:
	case FILE_QUEUE6:
		return ends_with(directory, "/net") && len > strlen("/net") &&
		       directory[len - strlen("/net") - 1] >= '0' &&
		       directory[len - strlen("/net") - 1] <= '9';
	case FILE_MAXLEN:
		return ends_with(directory, "/sys/net/ipv4");
	case FILE_MAXLEN6:
		return ends_with(directory, "/sys/net/ipv6");
	case FILE_MODULES:	/* recognized by the inode number */
	case FILE_NONE:
		break;
	}
	return false;
}

static bool is_in_its_directory(enum module_file file, int fd)
{
	char path[PATH_MAX];
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	if (file == FILE_MODULES)
		return !fstat(fd, &st) && st.st_ino == 1;	/* PROC_ROOT_INO */
	return path_of_descriptor(fd, path) && is_its_directory(file, path);
}

bool files_may_mean(const char *path)
{
	return find_by_name(path_base(path)) != FILE_NONE;
}

enum module_file files_find(int directory, const char *path)
{
	const char *base = path_base(path);
	enum module_file file = find_by_name(base);
	char holding[PATH_MAX];
	int saved = errno, fd;

	if (!file || base - path >= PATH_MAX)
		return FILE_NONE;
	memcpy(holding, path, base - path);
	strcpy(holding + (base - path), ".");
	fd = openat(directory, holding, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || !is_in_its_directory(file, fd))
		file = FILE_NONE;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return file;
}

bool files_may_say_more(const char *path)
{
	return ends_with(path, "modules");
}

static int family_of(enum module_file file)
{
	return file == FILE_QUEUE6 || file == FILE_MAXLEN6 ? AF_INET6 : AF_INET;
}

const char *files_stand_in(enum module_file file)
{
	/* a file in /proc with the same permissions: anybody may read it,
	 * nobody write it */
	if (file != FILE_MAXLEN && file != FILE_MAXLEN6)
		return "/proc/self/net/dev";
	return maxlen_file(family_of(file));
}

/* Writes the file's contents. The labels are those of ipq_proc_show in ip_queue.c and in
 * ip6_queue.c, which differ. */
static int describe(int family, char text[TEXT_MAX])
{
	struct held h;

	if (!held_find(family, &h))
		return -1;
	return snprintf(text, TEXT_MAX,
			"Peer PID          : %d\n"
			"Copy mode         : %u\n"
			"Copy range        : %u\n"
			"Queue length      : %u\n"
			"Queue max. length : %" PRIu32 "\n"
			"Queue dropped     : %u\n"
			"%s : %u\n",
			(int)h.process, h.line.mode, h.line.range, h.line.waiting,
			h.maxlen, h.line.dropped_full,
			family == AF_INET6 ? "Netfilter dropped" : "Netlink dropped  ",
			h.line.dropped_slow);
}

/* Prefix of the names of files made here; the kernel shows
 * "/memfd:libipq:NAME (deleted)", or "/dev/shm/libipq:NAME.PID.COUNT (deleted)". */
#define MADE "libipq:"

#define TRIES 16

/* Creates an empty file and removes its name. */
static int make_file_in(const char *directory, const char *name)
{
	static atomic_uint count;
	char path[PATH_MAX];
	int fd = -1;

	for (int i = 0; fd < 0 && i < TRIES; i++) {
		snprintf(path, sizeof(path), "%s/%s.%d.%u", directory, name, (int)getpid(),
			 atomic_fetch_add(&count, 1));
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			return -1;
	}
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* Creates an empty file in memory. There is no memfd_create(2) before Linux 3.17, and some
 * containers forbid it. */
static int make_file(enum module_file file)
{
	char name[sizeof(MADE) + sizeof("ip6_queue_maxlen")];
	int fd;

	snprintf(name, sizeof(name), MADE "%s", names[file]);
	fd = syscall(SYS_memfd_create, name, 1U /* MFD_CLOEXEC */);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
		fd = make_file_in("/dev/shm", name);
		if (fd < 0)
			fd = make_file_in(P_tmpdir, name);
	}
	return fd;
}

enum module_file files_opened(int fd)
{
	char path[PATH_MAX], *made;
	int saved = errno;

	made = path_of_descriptor(fd, path) ? strstr(path, MADE) : NULL;
	errno = saved;
	if (!made || !strstr(made, " (deleted)"))
		return FILE_NONE;
	made += strlen(MADE);
	made[strcspn(made, ". ")] = '\0';
	return find_by_name(made);
}

/* Replaces fd, which can be written to, by a descriptor with the same number that
 * can only be read. Returns it, or -1 and errno; closes fd on failure, or if not
 * all was written. */
static int show(int fd, bool written, int flags)
{
	char name[sizeof("/proc/self/fd/2147483647")];
	int shown = -1, saved;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (written)
		shown = open(name, O_RDONLY | (flags & (O_CLOEXEC | O_NONBLOCK)));
	if (shown >= 0 && dup3(shown, fd, flags & O_CLOEXEC) == fd) {
		close(shown);
		return fd;
	}
	saved = errno;
	if (shown >= 0)
		close(shown);
	close(fd);
	errno = saved;
	return -1;
}

static bool put(int fd, const char *text, size_t len)
{
	return write(fd, text, len) == (ssize_t)len;
}

static int open_text(enum module_file file, const char *text, size_t len, int flags)
{
	int fd = make_file(file);

	return fd < 0 ? -1 : show(fd, put(fd, text, len), flags);
}

/* Appends the kernel's own list. A kernel without modules has no such file. This uses the
 * bare system call: open(2) may be interposed, and would call this function again. */
static bool put_modules(int to)
{
	int from = syscall(SYS_openat, AT_FDCWD, "/proc/modules", O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;
	char buf[4096];

	if (from < 0)
		return errno == ENOENT;
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (!put(to, buf, n))
			break;
	close(from);
	return n == 0;
}

static int open_modules(int flags)
{
	static const char ours[] = MODULES_LINES;
	int fd = make_file(FILE_MODULES);

	return fd < 0 ? -1 :
	       show(fd, put(fd, ours, strlen(ours)) && put_modules(fd), flags);
}

/* Whether somebody has written a number to the file. 0 means that nobody has. */
static bool has_written(enum module_file file)
{
	int fd = open(files_stand_in(file), O_RDONLY | O_CLOEXEC);
	char text[2] = "";
	bool has;

	if (fd < 0)
		return true;
	has = read(fd, text, sizeof(text)) == sizeof(text) && memcmp(text, "0\n", 2);
	close(fd);
	return has;
}

/* The file has to contain 1024, the module's default, until somebody writes to it. */
static int open_maxlen(enum module_file file, int flags)
{
	static const char by_default[] = "1024\n";
	int fd;

	if ((flags & O_ACCMODE) == O_WRONLY || has_written(file))
		return open(files_stand_in(file), flags, 0);
	if ((flags & O_ACCMODE) == O_RDONLY && !(flags & (O_CREAT | O_DIRECTORY)))
		return open_text(file, by_default, strlen(by_default), flags);
	fd = open(files_stand_in(file), flags, 0);
	if (fd >= 0 && (write(fd, by_default, strlen(by_default)) < 0 ||
			lseek(fd, 0, SEEK_SET))) {
		/* if that fails, the file contains 0 */
	}
	return fd;
}

int files_open(enum module_file file, int flags)
{
	char text[TEXT_MAX];
	int len;

	if (file == FILE_MAXLEN || file == FILE_MAXLEN6)
		return open_maxlen(file, flags);
	/* let the kernel return the error for all that cannot be done with such a file */
	if ((flags & (O_ACCMODE | O_CREAT | O_EXCL | O_DIRECTORY | O_PATH)) != O_RDONLY)
		return open(files_stand_in(file), flags & ~O_TRUNC, 0);
	if (file == FILE_MODULES)
		return open_modules(flags);
	len = describe(family_of(file), text);
	return len < 0 ? -1 : open_text(file, text, len, flags);
}

void files_apply(enum module_file file)
{
	int saved = errno;

	held_set_maxlen(family_of(file), maxlen_written(family_of(file)));
	errno = saved;
}
