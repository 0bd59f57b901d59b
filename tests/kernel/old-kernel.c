/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers as older kernels did. Preloaded into a test; the requests still go to the
 * kernel that runs, changed where an older one would have understood less, and its
 * answers are changed to what the older one was seen to give (docs/kernels.md). OLD_KERNEL
 * is a version, 3.10 say, or the names of single traits with commas between them. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "failing.h"
#include "old-kernel.h"
#include "syscalls.h"

/* The first version without the trait. */
static const struct {
	const char *name;
	unsigned int major, minor;
	unsigned int call;		/* system call that does not exist, or 0 */
} traits[TRAITS] = {
	[NO_FLAGS] = { "no-flags", 3, 6 },
	[FAMILIES_BOUND] = { "families-bound", 3, 8 },
	[NO_NAMESPACE_LINKS] = { "no-namespace-links", 3, 8 },
	[NO_GSO] = { "no-gso", 3, 10 },
	[RANGE_0] = { "range-0", 3, 11 },
	[EACH_ANSWERED] = { "each-answered", 3, 13 },
	[NO_THREAD_SELF] = { "no-thread-self", 3, 17 },
	[VALUE_FIRST] = { "value-first", 4, 0 },
	[NO_NAMES] = { "no-names", 4, 6 },
	[NO_NAMESPACE] = { "no-namespace", 4, 10 },
	[NO_PIDFD_OPEN] = { "no-pidfd-open", 5, 3, SYS_pidfd_open },
	[NO_PIDFD_GETFD] = { "no-pidfd-getfd", 5, 6, SYS_pidfd_getfd },
	[NO_CLOSE_RANGE] = { "no-close-range", 5, 9, SYS_close_range },
	[NO_COOKIE] = { "no-cookie", 5, 14 },
	[NO_ADDFD_SEND] = { "no-addfd-send", 5, 14 },
};

bool active[TRAITS];
struct remembered *kernel;

static bool is_named(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += len)
		if ((at == list || at[-1] == ',') && (!at[len] || at[len] == ','))
			return true;
	return false;
}

/* Every process has them fail: by seccomp(2), since some are made without the C library. */
static bool fail_calls(void)
{
	unsigned int calls[TRAITS];
	size_t count = 0;

	for (int t = 0; t < TRAITS; t++)
		if (active[t] && traits[t].call)
			calls[count++] = traits[t].call;
	return !count || !calls_fail(calls, count, ENOSYS);
}

__attribute__((constructor)) static void begin(void)
{
	const char *wanted = getenv("OLD_KERNEL");
	unsigned int major = 0, minor = 0, known = 0;
	bool is_version = wanted && sscanf(wanted, "%u.%u", &major, &minor) == 2;

	kernel = mmap(NULL, sizeof(*kernel), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int t = 0; wanted && t < TRAITS; t++) {
		active[t] = is_version ? major < traits[t].major ||
				(major == traits[t].major && minor < traits[t].minor) :
			    is_named(wanted, traits[t].name);
		known += active[t];
	}
	if (kernel == MAP_FAILED || (wanted && !known) || !fail_calls()) {
		fprintf(stderr, "old-kernel: OLD_KERNEL=%s cannot be had\n", wanted);
		_exit(125);
	}
}

int uname(struct utsname *name)
{
	const char *wanted = getenv("OLD_KERNEL");
	int result = syscall(SYS_uname, name);

	if (!result && wanted && *wanted >= '0' && *wanted <= '9')
		snprintf(name->release, sizeof(name->release), "%s.0", wanted);
	return result;
}

static bool is_missing(const char *path)
{
	return (active[NO_THREAD_SELF] && !strncmp(path, "/proc/thread-self", 17)) ||
	       (active[NO_NAMESPACE_LINKS] && !strcmp(path, "/proc/self/ns/pid"));
}

ssize_t readlink(const char *restrict path, char *restrict buf, size_t len)
{
	if (active[NO_NAMESPACE_LINKS] && !strncmp(path, "/proc/", 6) && strstr(path, "/ns/"))
		return fail(EINVAL);
	return syscall(SYS_readlinkat, AT_FDCWD, path, buf, len);
}

int stat(const char *restrict path, struct stat *restrict st)
{
	return is_missing(path) ? fail(ENOENT) : fstatat(AT_FDCWD, path, st, 0);
}

#ifdef __GLIBC__
int stat64(const char *restrict path, struct stat64 *restrict st)
{
	return is_missing(path) ? fail(ENOENT) : fstatat64(AT_FDCWD, path, st, 0);
}
#endif

/* The list of queues with the copy range that was asked for. */
static FILE *change_list(FILE *list)
{
	FILE *changed = tmpfile();
	unsigned int number, at;
	char line[256];

	while (changed && fgets(line, sizeof(line), list)) {
		if (sscanf(line, "%u %*u %*u 2 %n", &number, (int *)&at) == 1 &&
		    number < 1 << 16 && kernel->range_0[number])
			memcpy(line + at, "    0", 5);
		fputs(line, changed);
	}
	fclose(list);
	if (changed)
		rewind(changed);
	return changed;
}

static FILE *open_file(const char *name, const char *path, const char *mode)
{
	static const char list[] = "/netfilter/nfnetlink_queue";
	FILE *(*real)(const char *, const char *) = (typeof(real))dlsym(RTLD_NEXT, name);
	size_t len = strlen(path);
	FILE *file;

	if (is_missing(path)) {
		errno = ENOENT;
		return NULL;
	}
	file = real(path, mode);
	if (file && active[RANGE_0] && len >= sizeof(list) &&
	    !strcmp(path + len - (sizeof(list) - 1), list))
		file = change_list(file);
	return file;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
	return open_file("fopen", path, mode);
}

#ifdef __GLIBC__
FILE *fopen64(const char *restrict path, const char *restrict mode)
{
	return open_file("fopen64", path, mode);
}
#endif
