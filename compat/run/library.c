/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the preload library that fits a program. A loader that is given a library for
 * another class or machine prints a line on stderr and ignores it; with one for another C
 * library the program dies. Executes nothing. */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "library.h"

/* The path of ipq-run; without /proc it is the path that was executed. */
static bool find_self(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (n < 0)
		return realpath((const char *)getauxval(AT_EXECFN), path);
	path[n] = '\0';
	return true;
}

bool library_own_directory(char dir[PATH_MAX])
{
	if (!find_self(dir))
		return false;
	*strrchr(dir, '/') = '\0';
	return true;
}

bool library_is_file(char path[PATH_MAX], const char *dir, const char *rest)
{
	return snprintf(path, PATH_MAX, "%s/%s", dir, rest) < PATH_MAX &&
	       !access(path, R_OK);
}

static bool read_file(const char *path, struct elf_file *elf)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is_elf = fd >= 0 && elf_read(fd, elf);

	if (fd >= 0)
		close(fd);
	return is_elf;
}

/* Whether the loader finds a library at a path with $LIB in it (ld.so(8)). The loader
 * replaces $LIB by another directory in programs of the other class, which the program
 * may execute, so that these get the library of their class. */
static bool chooses(const char *path)
{
	void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);

	if (library)
		dlclose(library);
	return library;
}

/* Replaces path by one with $LIB in it, if a library can be found that way. */
static void use_lib_token(const char *dir, char path[PATH_MAX])
{
	static const char *const forms[] = {
		"%s/../$LIB/libipq/" LIBRARY,	/* the distribution's directories */
		/* links to any other directories, for the possible values of $LIB */
		"%s/" CLASSES_FROM_BINDIR "/a/$LIB/" LIBRARY,
		"%s/" CLASSES_FROM_BINDIR "/b/$LIB/" LIBRARY,
	};
	char with_token[PATH_MAX];

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (snprintf(with_token, PATH_MAX, forms[i], dir) < PATH_MAX &&
		    chooses(with_token)) {
			strcpy(path, with_token);
			return;
		}
}

const char *library_find(const struct elf_file *program, char path[PATH_MAX])
{
	static const char *const places[] = {
		LIBRARY,		/* in the build tree */
		PRELOAD_FROM_BINDIR "/" LIBRARY,
		"32/" LIBRARY,
		"../lib/i386-linux-gnu/libipq/" LIBRARY,
		"../lib/arm-linux-gnueabihf/libipq/" LIBRARY,
		"../lib32/libipq/" LIBRARY,
		"../lib/libipq/" LIBRARY,
		"../lib64/libipq/" LIBRARY,
	};
	bool of_machine = false;
	struct elf_file own, library;
	char dir[PATH_MAX], self[PATH_MAX];

	if (!library_own_directory(dir) || !find_self(self) || !read_file(self, &own))
		return "cannot be served: /proc/self/exe, which tells where " LIBRARY
		       " is, cannot be read; mount /proc, or name it with --library";
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!library_is_file(path, dir, places[i]) || !read_file(path, &library))
			continue;
		if (!elf_same_machine(program, &library))
			continue;
		of_machine = true;
		if (!elf_same_libc(program, &library))
			continue;
		if (i && strncmp(places[i], "32/", 3))
			use_lib_token(dir, path);
		return NULL;
	}
	if (of_machine)
		return "is linked with another C library than " LIBRARY " is; build libipq "
		       "with that one, and name its " LIBRARY " with --library";
	if (elf_same_machine(program, &own))
		return "cannot be served without " LIBRARY ", which is not where it "
		       "was installed; name it with --library";
	return "is a 32-bit program, and there is no 32-bit " LIBRARY "; "
	       "install it, or name it with --library";
}

const char *library_check(const char *path, const struct elf_file *program)
{
	struct elf_file library;

	if (!read_file(path, &library) || library.type != ET_DYN ||
	    library.is_cut || (library.has_interpreter && !library.has_soname))
		return "is not a shared library, or not a whole one; name " LIBRARY
		       " with --library";
	if (library.class != program->class)
		return program->class == ELFCLASS32 ?
		       "is a 64-bit library, and the program a 32-bit one; name a 32-bit "
		       LIBRARY " with --library" :
		       "is a 32-bit library, and the program a 64-bit one; name a 64-bit "
		       LIBRARY " with --library";
	if (!elf_same_machine(&library, program))
		return "is for another architecture than the program; name one that was "
		       "built for it with --library";
	if (!elf_same_libc(&library, program))
		return "is for another C library than the program; name one that was built "
		       "with the program's with --library";
	return NULL;
}
