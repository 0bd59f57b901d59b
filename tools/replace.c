/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces the content of a file, either completely or not at all, and keeps a copy of
 * the old content beside it. Knows nothing of the content. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "replace.h"
#include "report.h"

#define BACKUPS_MAX 1000
#define ATTRIBUTES_MAX 65536	/* bytes; the kernel's XATTR_LIST_MAX */

static bool write_all(int fd, struct text text)
{
	while (text.len) {
		ssize_t n = write(fd, text.at, text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text.at += n;
		text.len -= n;
	}
	return !fsync(fd);
}

/* Copies extended attributes, and with them access control lists and security labels.
 * Those that cannot be set are left out: that is not worth refusing the change. */
static void copy_attributes(int from, int to)
{
	char *names = malloc(ATTRIBUTES_MAX), *value = malloc(ATTRIBUTES_MAX);
	ssize_t len = names && value ? flistxattr(from, names, ATTRIBUTES_MAX) : 0;

	for (char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		ssize_t n = fgetxattr(from, name, value, ATTRIBUTES_MAX);

		if (n >= 0 && fsetxattr(to, name, value, n, 0))
			errno = 0;
	}
	free(names);
	free(value);
}

/* Gives the file "to" the owner, group, attributes and mode of "from". */
static bool copy_access(int from, int to, const struct stat *st)
{
	if (fchown(to, st->st_uid, st->st_gid))
		return false;
	copy_attributes(from, to);
	return !fchmod(to, st->st_mode & 07777);
}

/* Creates an empty copy under the first free name. Returns its descriptor,
 * or -1 and errno. */
static int create_backup(const char *path, char **backup)
{
	int fd = -1;

	for (int i = 0; fd < 0 && i < BACKUPS_MAX; i++) {
		*backup = i ? format("%s.orig.%d", path, i) : format("%s.orig", path);
		fd = open(*backup, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			i = BACKUPS_MAX;
		if (fd < 0) {
			free(*backup);
			*backup = NULL;
		}
	}
	return fd;
}

static bool back_up(int from, const char *path, struct text before, const struct stat *st,
		    char **backup)
{
	int fd = create_backup(path, backup);
	bool good;

	if (fd < 0)
		return false;
	/* only root can give the copy another user's owner; else it stays
	 * accessible to us alone */
	if (!copy_access(from, fd, st))
		errno = 0;
	good = write_all(fd, before);
	close(fd);
	return good;
}

/* Writes a new file and renames it over the old one. */
static bool exchange(int from, const char *path, struct text after, const struct stat *st)
{
	char *name = format("%s.XXXXXX", path);
	int fd = mkostemp(name, O_CLOEXEC), error;
	bool good = fd >= 0 && copy_access(from, fd, st) && write_all(fd, after) &&
		    !rename(name, path);

	error = errno;
	if (fd >= 0 && !good)
		unlink(name);
	if (fd >= 0)
		close(fd);
	free(name);
	errno = error;
	return good;
}

/* Overwrites the file itself. That is needed if it has several hard links, or an owner or
 * group that a new file cannot be given. On failure, the old content is written back. */
static bool write_over(const char *path, struct text before, struct text after)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error;
	bool good = fd >= 0 && write_all(fd, after) && !ftruncate(fd, after.len);

	error = errno;
	if (fd >= 0 && !good && !lseek(fd, 0, SEEK_SET) && write_all(fd, before) &&
	    ftruncate(fd, before.len))
		error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return good;
}

const char *replace_content(const char *name, struct text before, struct text after,
			    char **backup)
{
	char *path = realpath(name, NULL);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	const char *why = NULL;
	struct stat st;
	bool is_there = fd >= 0 && !fstat(fd, &st);

	*backup = NULL;
	if (is_there && !S_ISREG(st.st_mode))
		why = "is not a regular file";
	else if (!is_there || !back_up(fd, path, before, &st, backup) ||
		 (!(st.st_nlink == 1 && exchange(fd, path, after, &st)) &&
		  !write_over(path, before, after)))
		why = strerror(errno);
	if (why && *backup) {
		unlink(*backup);
		free(*backup);
		*backup = NULL;
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return why;
}
