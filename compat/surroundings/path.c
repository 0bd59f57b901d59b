/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolves paths, and looks into files. Allocates no memory, so that it may be called after
 * vfork(2) and in signal handlers. Does not know what the files are for. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"

/* The kernel's limit (MAXSYMLINKS). */
#define LINKS_MAX 40

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Joins dir, of len bytes, and name with a slash. Returns false if that is too long. */
static bool join(const char *dir, size_t len, const char *name, char path[PATH_MAX])
{
	size_t name_len = strlen(name);

	if (len + 1 + name_len >= PATH_MAX)
		return false;
	memcpy(path, dir, len);
	path[len] = '/';
	memcpy(path + len + 1, name, name_len + 1);
	return true;
}

bool path_find(const char *name, const char *directories, char found[PATH_MAX])
{
	const char *dir = directories ? directories : "/bin:/usr/bin";
	int error = ENOENT;
	struct stat st;
	size_t len;

	if (strchr(name, '/')) {
		len = strlen(name);
		if (len >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return false;
		}
		memcpy(found, name, len + 1);
		return !access(found, X_OK);
	}
	for (;; dir += len + 1) {
		len = strcspn(dir, ":");
		/* an empty element of PATH is the current directory */
		if (join(len ? dir : ".", len ? len : 1, name, found)) {
			if (!stat(found, &st) && S_ISREG(st.st_mode) &&
			    !access(found, X_OK))
				return true;
			if (errno == EACCES)
				error = EACCES;
		}
		if (!dir[len])
			break;
	}
	errno = error;
	return false;
}

bool path_follow(const char *file, char end[PATH_MAX])
{
	char target[PATH_MAX];
	size_t dir_len, len = strlen(file);
	ssize_t n;

	if (len >= PATH_MAX)
		return false;
	memcpy(end, file, len + 1);
	for (int links = 0; links < LINKS_MAX; links++) {
		n = readlink(end, target, sizeof(target) - 1);
		if (n < 0)
			return true;
		target[n] = '\0';
		/* a relative target is relative to the directory of the link;
		 * its slash is kept */
		dir_len = target[0] == '/' ? 0 : (size_t)(path_base(end) - end);
		if (dir_len + n >= PATH_MAX)
			return false;
		memcpy(end + dir_len, target, n + 1);
	}
	return false;
}

bool path_file_has(const char *path, const char *start, const char *text)
{
	/* O_NONBLOCK: opening a FIFO would wait for a writer */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = strlen(start);
	bool found = false;
	struct stat st;
	void *data;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > (off_t)len) {
		data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data != MAP_FAILED) {
			found = !memcmp(data, start, len) &&
				memmem(data, st.st_size, text, strlen(text));
			munmap(data, st.st_size);
		}
	}
	close(fd);
	return found;
}

void path_put_number(char to[PATH_NUMBER_MAX], int number)
{
	char digits[PATH_NUMBER_MAX], *digit = digits + sizeof(digits);

	*--digit = '\0';
	do
		*--digit = '0' + number % 10;
	while (number /= 10);
	memcpy(to, digit, digits + sizeof(digits) - digit);
}

bool path_of_descriptor(int fd, char path[PATH_MAX])
{
	char link[sizeof("/proc/self/fd/") + PATH_NUMBER_MAX] = "/proc/self/fd/";
	ssize_t n;

	if (fd < 0)
		return false;
	path_put_number(link + strlen(link), fd);
	n = readlink(link, path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = '\0';
	return path[0] == '/';
}
