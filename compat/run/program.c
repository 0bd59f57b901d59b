/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides from a program's file and words alone whether and how it can be served. Does
 * not know what serves it. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "path.h"
#include "program.h"

/* Limits scripts whose interpreters are scripts; the kernel allows four levels
 * (BINPRM_MAX_RECURSION). */
#define DEPTH_MAX 5

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define MACHINE_32BIT EM_386
#elif defined(__i386__)
#define MACHINE EM_386
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#define MACHINE_32BIT EM_ARM
#endif

/* The loader ignores LD_PRELOAD if the kernel sets AT_SECURE, which it does when the
 * program gains privileges that its caller does not have (ld.so(8)). */
static const char *examine_privileges(const char *path, const struct stat *st)
{
	if (st->st_mode & S_ISUID && st->st_uid != getuid() &&
	    !strcmp(path_base(path), "sudo"))
		return "is setuid, and the loader ignores preloaded libraries then; "
		       "let it run ipq-run: sudo ipq-run PROGRAM";
	if (st->st_mode & S_ISUID && st->st_uid != getuid())
		return "is setuid, and the loader ignores preloaded libraries then; "
		       "run it as its owner, or run a copy without the bit";
	if (st->st_mode & S_ISGID && st->st_mode & S_IXGRP && st->st_gid != getgid())
		return "is setgid, and the loader ignores preloaded libraries then; "
		       "run it with its group, or run a copy without the bit";
	if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		return "has file capabilities, and the loader ignores preloaded "
		       "libraries then; run a copy without them, as root or with "
		       "ambient capabilities (capsh --addamb)";
	return NULL;
}

/* A loader can be executed like a program, with the program to load as its argument. It
 * needs no libraries but has a SONAME. */
static bool is_loader(const struct elf_file *elf)
{
	return elf->type == ET_DYN && elf->has_soname && !elf->has_needed;
}

static bool is_foreign(const struct elf_file *elf)
{
	const uint8_t own = sizeof(long) == 8 ? ELFCLASS64 : ELFCLASS32;

	if (elf->order != (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB))
		return true;
#ifdef MACHINE_32BIT
	if (elf->machine == MACHINE_32BIT)
		return elf->class != ELFCLASS32;
#endif
#ifdef MACHINE
	if (elf->machine != MACHINE)
		return true;
#endif
	return elf->class != own;
}

static const char *examine_elf(const struct elf_file *elf)
{
	if (is_foreign(elf))
		return "is for another architecture; libipq-preload.so must be built for "
		       "it";
	if (elf->type != ET_EXEC && elf->type != ET_DYN)
		return "is not a program, but an object file or a core: link it, or name "
		       "the program that it is of";
	if (elf->is_cut)
		return "is not whole: it names bytes beyond its end; copy it again";
	if (elf->has_interpreter || is_loader(elf))
		return NULL;
	if (elf->has_needed || elf->has_soname)
		return "is a shared library, not a program; name the program that uses it";
	return NULL;
}

static const char *examine(const char *path, struct elf_file *elf,
			   char culprit[PATH_MAX], int depth);

static bool ends_in_cr(const char *word)
{
	return word && *word && word[strlen(word) - 1] == '\r';
}

static bool is_shell(const char *interpreter)
{
	size_t len = strlen(interpreter);

	return len >= 2 && !strcmp(interpreter + len - 2, "sh");
}

/* For "#!/usr/bin/env NAME", elf describes NAME on return, not env. */
static const char *examine_script(char *line, struct elf_file *elf,
				  char culprit[PATH_MAX], int depth)
{
	char *rest, *interpreter = strtok_r(line, " \t\n", &rest);
	char *arg = strtok_r(NULL, " \t\n", &rest);
	const char *name = interpreter ? strrchr(interpreter, '/') : NULL;
	bool by_env = name && !strcmp(name, "/env") && arg && arg[0] != '-' &&
		      !strchr(arg, '=');
	char found[PATH_MAX];
	bool is_there = by_env && path_find(arg, getenv("PATH"), found);
	const char *why;

	if (!interpreter)
		interpreter = "/bin/sh";
	/* not if there is a file whose name does end in a carriage return */
	if ((ends_in_cr(interpreter) && access(interpreter, F_OK)) ||
	    (ends_in_cr(arg) && (by_env ? !is_there : is_shell(interpreter))))
		return "has lines that end in a carriage return (CR LF), which Linux takes "
		       "for a part of the last word; take them out: sed -i 's/\\r$//'";
	why = examine(interpreter, elf, culprit, depth + 1);
	if (!why && is_there)
		why = examine(found, elf, culprit, depth + 1);
	return why;
}

static const char *examine(const char *path, struct elf_file *elf,
			   char culprit[PATH_MAX], int depth)
{
	/* O_NONBLOCK, as opening a FIFO would wait for a writer */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char line[PATH_MAX] = "";
	const char *why;
	struct stat st;

	snprintf(culprit, PATH_MAX, "%s", path);
	if (fd < 0)
		return "cannot be read to see whether it can be served";
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return "is not a program";
	}
	if (pread(fd, line, sizeof(line) - 1, 0) < 0)
		*line = '\0';
	why = NULL;
	if (elf_read(fd, elf)) {
		why = examine_privileges(path, &st);
		if (!why)
			why = examine_elf(elf);
	} else if (depth == DEPTH_MAX) {
		why = "is one script of too many that run each other";
	} else {
		/* execvp(3) executes a file without "#!" with the shell */
		bool named = line[0] == '#' && line[1] == '!';

		line[strcspn(line, "\n")] = '\0';
		why = examine_script(named ? line + 2 : line + strlen(line), elf,
				     culprit, depth);
	}
	close(fd);
	return why;
}

const char *program_examine(const char *path, struct elf_file *elf,
			    char culprit[PATH_MAX])
{
	return examine(path, elf, culprit, 0);
}

static bool names_files(const char *text)
{
	return strstr(text, "ip_queue") || strstr(text, "ip6_queue");
}

static bool file_names_files(const char *path)
{
	return path_file_has(path, "", "ip_queue") || path_file_has(path, "", "ip6_queue");
}

bool program_names_files(const char *path, char *const *words)
{
	bool found = file_names_files(path);

	for (size_t i = 1; words[0] && words[i] && !found; i++)
		found = names_files(words[i]) || file_names_files(words[i]);
	return found;
}
