/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interposes the functions of the C library that execute programs. compat/surroundings
 * decides what is really executed. All of these may be called after vfork(2) and, except
 * for system and popen, in signal handlers: therefore no memory is allocated, and the C
 * library's functions are looked up in advance. */
#include <alloca.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "counted.h"
#include "execution.h"
#include "export.h"
#include "memory.h"
#include "next.h"
#include "path.h"
#include "sockets.h"

/* glibc has execveat since 2.34, musl does not. */
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 34)
#define HAVE_EXECVEAT
#endif
#endif

/* The environment that this process was started with. */
static struct environment started;
static char instead[PATH_MAX];
static bool has_started;

static struct {
	typeof(&execve) execve;
	typeof(&execvpe) execvpe;
	typeof(&fexecve) fexecve;
	typeof(&posix_spawn) posix_spawn, posix_spawnp;
	int (*execveat)(int dirfd, const char *path, char *const argv[],
			char *const envp[], int flags);
} libc;

static void look_up(void *function, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(function, &found, sizeof(found));
}

/* Finds the sockets of ours that this process has inherited from the program
 * that executed it. */
static void find_sockets(char *const *variables)
{
	const char *highest = environment_get(variables, ENVIRONMENT_SOCKETS);
	int last = 0;

	if (!highest)
		return;
	for (; *highest >= '0' && *highest <= '9' && last < SOCKETS_DESCRIPTORS; highest++)
		last = 10 * last + *highest - '0';
	for (int fd = 0; fd <= last && fd < SOCKETS_DESCRIPTORS; fd++)
		sockets_arrived(fd);
}

/* The functions called to decide what is executed are interposed here, too. Calling each
 * of them once makes it look up the C library's function. */
static void look_up_before(void)
{
	int saved = errno;
	struct stat st;
	char text[1];

	(void)!readlink("/", text, sizeof(text));
	(void)!access("/", F_OK);
	(void)!getxattr("/", "security.capability", NULL, 0);
	(void)!fstat(-1, &st);
	close(stat("/", &st) ? -1 : open("/", O_PATH | O_CLOEXEC));
	errno = saved;
}

/* Runs before any code of the program: the program may empty its environment or
 * overwrite the memory that the kernel put it in (as setproctitle does), and after
 * vfork(2) nothing may be looked up. If this process has more privileges than its
 * caller, the environment is not used. */
static __attribute__((constructor)) void start(void)
{
	size_t len;

	if (has_started)
		return;
	has_started = true;
	look_up(&libc.execve, "execve");
	look_up(&libc.execvpe, "execvpe");
	look_up(&libc.fexecve, "fexecve");
	look_up(&libc.execveat, "execveat");
	look_up(&libc.posix_spawn, "posix_spawn");
	look_up(&libc.posix_spawnp, "posix_spawnp");
	if (getauxval(AT_SECURE))
		return;
	environment_keep(&started, environ);
	find_sockets(environ);
	len = started.wrappers ? strlen(started.wrappers) : PATH_MAX;
	look_up_before();
	if (len + sizeof("/" EXECUTION_INSTEAD) > sizeof(instead))
		return;
	memcpy(instead, started.wrappers, len);
	memcpy(instead + len, "/" EXECUTION_INSTEAD, sizeof("/" EXECUTION_INSTEAD));
}

/* Whether the memory can be read. If not, the kernel will return the error. */
static bool is_there(const char *file, char *const *argv, char *const *envp)
{
	return (!file || memory_is_there(file, 1)) &&
	       (!argv || memory_is_there(argv, sizeof(*argv))) &&
	       (!envp || memory_is_there(envp, sizeof(*envp)));
}

static struct execution plan(const char *file, char *const *argv, char *const *envp,
			     int highest)
{
	struct execution x = { 0 };
	int saved = errno;

	start();	/* constructors of other libraries may have run before ours */
	if (is_there(file, argv, envp))
		execution_plan(&x, &started, instead[0] ? instead : NULL, file, argv, envp,
			       highest);
	errno = saved;
	return x;
}

static void fill(const struct execution *x, const char *file, char *const **argv,
		 char *const **envp, void *room)
{
	char **pointers = room;

	if (x->words) {
		execution_words(x, file, *argv, pointers);
		*argv = pointers;
	}
	pointers += x->words;
	if (x->environment) {
		environment_make(&started, *envp, &x->room, pointers,
				 (char *)(pointers + x->room.pointers));
		*envp = pointers;
	}
	counted();
}

/* Sets argv and envp to what is to be executed instead of file. They are on the caller's
 * stack: memory allocated after vfork(2) would never be freed. */
#define PLAN(x, file, argv, envp, highest)				\
	const struct execution x = plan(file, argv, envp, highest);	\
	void *room = alloca((x.words + x.room.pointers) * sizeof(char *) + \
			    x.room.bytes);				\
									\
	fill(&x, file, &argv, &envp, room)

static int execute(const char *file, char *const *argv, char *const *envp)
{
	PLAN(x, file, argv, envp, sockets_highest());

	return libc.execve(x.file ? x.file : file, argv, envp);
}

/* Finds the file as execvp(3) will. */
static const char *find(const char *file, char found[PATH_MAX])
{
	int saved = errno;
	bool is_found = file && memory_is_there(file, 1) && *file &&
			path_find(file, getenv("PATH"), found);

	errno = saved;
	return is_found ? found : NULL;
}

static int find_and_execute(const char *file, char *const *argv, char *const *envp)
{
	char place[PATH_MAX];
	const char *found = find(file, place);
	PLAN(x, found, argv, envp, sockets_highest());

	return x.file ? libc.execve(x.file, argv, envp) : libc.execvpe(file, argv, envp);
}

EXPORT int execve(const char *file, char *const argv[], char *const envp[])
{
	return execute(file, argv, envp);
}

EXPORT int execv(const char *file, char *const argv[])
{
	return execute(file, argv, environ);
}

EXPORT int execvp(const char *file, char *const argv[])
{
	return find_and_execute(file, argv, environ);
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	return find_and_execute(file, argv, envp);
}

/* Counts the arguments up to the NULL. Afterwards, list is behind that. */
#define COUNT(count, word, list)					\
	size_t count = 0;						\
									\
	for (const char *w = word; w; w = va_arg(list, const char *))	\
		count++

#define COPY(to, word, list)						\
	do {								\
		size_t i = 0;						\
									\
		for (const char *w = word; w; w = va_arg(list, const char *)) \
			to[i++] = (char *)w;				\
		to[i] = NULL;						\
	} while (0)

/* Makes an array of the arguments of a function. */
#define LIST(words, word)						\
	va_list list;							\
	va_start(list, word);						\
	COUNT(count, word, list);					\
	char **words = alloca((count + 1) * sizeof(*words));		\
	va_end(list);							\
	va_start(list, word);						\
	COPY(words, word, list)

EXPORT int execl(const char *file, const char *word, ...)
{
	LIST(words, word);
	va_end(list);
	return execute(file, words, environ);
}

EXPORT int execlp(const char *file, const char *word, ...)
{
	LIST(words, word);
	va_end(list);
	return find_and_execute(file, words, environ);
}

EXPORT int execle(const char *file, const char *word, ...)
{
	char *const *envp;

	LIST(words, word);
	envp = va_arg(list, char *const *);
	va_end(list);
	return execute(file, words, envp);
}

/* Returns the path of an open file, NULL if it has none. */
static const char *file_of(int fd, char file[PATH_MAX])
{
	int saved = errno;
	bool is_known = path_of_descriptor(fd, file);

	errno = saved;
	return is_known ? file : NULL;
}

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	char place[PATH_MAX];
	const char *file = file_of(fd, place);
	PLAN(x, file, argv, envp, sockets_highest());

	return x.file ? libc.execve(x.file, argv, envp) : libc.fexecve(fd, argv, envp);
}

#ifdef HAVE_EXECVEAT
/* Returns the path of what execveat(2) executes, NULL if it cannot be told. */
static const char *file_at(int dir, const char *path, char file[PATH_MAX])
{
	size_t len, path_len;

	if (!memory_is_there(path, 1) || path[0] == '/' || dir == AT_FDCWD)
		return path;
	if (!file_of(dir, file) || !*path)
		return *path ? NULL : file;
	len = strlen(file);
	path_len = strlen(path);
	if (len + 1 + path_len >= PATH_MAX)
		return NULL;
	file[len] = '/';
	memcpy(file + len + 1, path, path_len + 1);
	return file;
}

EXPORT int execveat(int dir, const char *path, char *const argv[], char *const envp[],
		    int flags)
{
	char place[PATH_MAX];
	const char *file = file_at(dir, path, place);
	PLAN(x, file, argv, envp, sockets_highest());

	return x.file ? libc.execve(x.file, argv, envp) :
			libc.execveat(dir, path, argv, envp, flags);
}
#endif

/* posix_spawn's file actions cannot be read: assume that they move sockets no higher. */
#define MOVED_MAX 63

static int spawned_highest(const posix_spawn_file_actions_t *actions)
{
	int highest = sockets_highest();

	return highest >= 0 && actions && highest < MOVED_MAX ? MOVED_MAX : highest;
}

EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict file,
		       const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *restrict attributes,
		       char *const argv[restrict], char *const envp[restrict])
{
	char *const *words = argv, *const *variables = envp;
	PLAN(x, file, words, variables, spawned_highest(actions));

	return libc.posix_spawn(pid, x.file ? x.file : file, actions, attributes, words,
				variables);
}

EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict file,
			const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *restrict attributes,
			char *const argv[restrict], char *const envp[restrict])
{
	char *const *words = argv, *const *variables = envp;
	char place[PATH_MAX];
	const char *found = find(file, place);
	PLAN(x, found, words, variables, spawned_highest(actions));

	return x.file ?
	       libc.posix_spawn(pid, x.file, actions, attributes, words, variables) :
	       libc.posix_spawnp(pid, file, actions, attributes, words, variables);
}

/* Returns an environment like that of this process, changed for a program that it
 * executes; to be freed. NULL if nothing has to be changed, or there is no memory. */
static char **borrow_environment(void)
{
	const struct execution x = plan(NULL, NULL, environ, sockets_highest());
	char **pointers;

	if (!x.environment)
		return NULL;
	pointers = malloc(x.room.pointers * sizeof(*pointers) + x.room.bytes);
	if (pointers)
		environment_make(&started, environ, &x.room, pointers,
				 (char *)(pointers + x.room.pointers));
	return pointers;
}

/* The C library's system and popen execute a shell with the environment of this process.
 * If another thread sets a variable meanwhile, it makes a copy of environ, whose pointers
 * refer to ours, which then cannot be freed. */
#define WITH_ENVIRONMENT(type, call) ({					\
	char **before = environ, **borrowed = borrow_environment();	\
	type result;							\
									\
	if (borrowed)							\
		environ = borrowed;					\
	result = call;							\
	if (borrowed && environ == borrowed) {				\
		int saved = errno;					\
									\
		environ = before;					\
		free(borrowed);						\
		errno = saved;						\
	}								\
	result;								\
})

EXPORT int system(const char *command)
{
	return WITH_ENVIRONMENT(int, NEXT(system)(command));
}

EXPORT FILE *popen(const char *command, const char *type)
{
	return WITH_ENVIRONMENT(FILE *, NEXT(popen)(command, type));
}
