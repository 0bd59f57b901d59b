/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a library can be preloaded into a program, from its file alone. Knows
 * nothing of which library. */
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

#include "program.h"

/* Scripts run by scripts; the kernel allows four (BINPRM_MAX_RECURSION). */
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

bool program_find(const char *name, char path[PATH_MAX])
{
	const char *dir = getenv("PATH");
	int error = ENOENT;
	size_t len;

	if (strchr(name, '/')) {
		snprintf(path, PATH_MAX, "%s", name);
		return !access(path, X_OK);
	}
	if (!dir)
		dir = "/bin:/usr/bin";	/* as execvp(3) */
	for (;; dir += len + 1) {
		struct stat st;

		len = strcspn(dir, ":");
		snprintf(path, PATH_MAX, "%.*s/%s", len ? (int)len : 1,
			 len ? dir : ".", name);
		if (!stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK))
			return true;
		if (errno == EACCES)
			error = EACCES;
		if (!dir[len])
			break;
	}
	errno = error;
	return false;
}

/* The loader ignores LD_PRELOAD where the kernel sets AT_SECURE: when the
 * program gains what its caller has not (ld.so(8)). */
static const char *examine_privileges(const char *path, const struct stat *st)
{
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

/* Reads n bytes at offset; a file too short is as good as one with zeros. */
static void read_at(int fd, off_t offset, void *data, size_t n)
{
	ssize_t got = pread(fd, data, n, offset);

	if (got < 0)
		got = 0;
	memset((char *)data + got, 0, n - got);
}

union elf_header {
	Elf32_Ehdr of_32;	/* they part at e_entry */
	Elf64_Ehdr of_64;
};

/* Where the first program header of the type is, 0 if there is none. */
static uint64_t find_segment(int fd, const union elf_header *h, bool is_64, uint32_t type)
{
	uint64_t offset = is_64 ? h->of_64.e_phoff : h->of_32.e_phoff;
	unsigned int n = is_64 ? h->of_64.e_phnum : h->of_32.e_phnum;
	unsigned int size = is_64 ? h->of_64.e_phentsize : h->of_32.e_phentsize;
	uint32_t found;		/* with it they begin in both classes */

	for (; n--; offset += size) {
		read_at(fd, offset, &found, sizeof(found));
		if (found == type)
			return offset;
	}
	return 0;
}

/* Some 25 in a library; the name stands among the first. */
#define ENTRIES_MAX 1000

/* Whether it is the loader, to be given the program: it needs none itself, but has a
 * name that programs ask for it by. Static programs have none, even as PIEs. */
static bool is_loader(int fd, const union elf_header *h, bool is_64)
{
	uint64_t offset = h->of_32.e_type == ET_DYN ?
			  find_segment(fd, h, is_64, PT_DYNAMIC) : 0;
	union { Elf32_Phdr of_32; Elf64_Phdr of_64; } segment;
	union { Elf32_Dyn of_32; Elf64_Dyn of_64; } entry;
	unsigned int n = 0;
	int64_t tag;

	if (!offset)
		return false;
	read_at(fd, offset, &segment, sizeof(segment));
	offset = is_64 ? segment.of_64.p_offset : segment.of_32.p_offset;
	do {
		read_at(fd, offset, &entry, sizeof(entry));
		tag = is_64 ? entry.of_64.d_tag : entry.of_32.d_tag;
		offset += is_64 ? sizeof(entry.of_64) : sizeof(entry.of_32);
	} while (tag != DT_NULL && tag != DT_SONAME && ++n < ENTRIES_MAX);
	return tag == DT_SONAME;
}

static const char *examine_elf(int fd, enum program_class *class)
{
	static const char foreign[] = "is for another architecture; "
				      "libipq-preload.so must be built for it";
	union elf_header header;
	const Elf32_Ehdr *h = &header.of_32;
	bool is_64;

	read_at(fd, 0, &header, sizeof(header));
	is_64 = h->e_ident[EI_CLASS] == ELFCLASS64;
	if (h->e_ident[EI_DATA] !=
	    (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB))
		return foreign;
#ifdef MACHINE
	if (h->e_machine == MACHINE && is_64 == (sizeof(long) == 8))
		*class = PROGRAM_NATIVE;
#ifdef MACHINE_32BIT
	else if (h->e_machine == MACHINE_32BIT)
		*class = PROGRAM_32BIT;
#endif
	else
		return foreign;
#else
	*class = PROGRAM_NATIVE;
#endif
	if (!find_segment(fd, &header, is_64, PT_INTERP) &&
	    !is_loader(fd, &header, is_64))
		return "is statically linked: there is no loader in it to preload "
		       "anything; it must be linked again";
	return NULL;
}

static const char *examine(const char *path, enum program_class *class,
			   char culprit[PATH_MAX], int depth);

/* "#!/usr/bin/env name" says more of name than of env. */
static const char *examine_script(char *line, enum program_class *class,
				  char culprit[PATH_MAX], int depth)
{
	char *rest, *interpreter = strtok_r(line, " \t\n", &rest);
	char *arg = strtok_r(NULL, " \t\n", &rest);
	const char *name = interpreter ? strrchr(interpreter, '/') : NULL;
	char found[PATH_MAX];
	const char *why;

	if (!interpreter)
		interpreter = "/bin/sh";
	why = examine(interpreter, class, culprit, depth + 1);
	if (!why && name && !strcmp(name, "/env") && arg && arg[0] != '-' &&
	    !strchr(arg, '=') && program_find(arg, found))
		why = examine(found, class, culprit, depth + 1);
	return why;
}

static const char *examine(const char *path, enum program_class *class,
			   char culprit[PATH_MAX], int depth)
{
	/* nobody may ever write to a pipe */
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
	read_at(fd, 0, line, sizeof(line) - 1);
	why = NULL;
	if (!memcmp(line, ELFMAG, SELFMAG)) {
		why = examine_privileges(path, &st);
		if (!why)
			why = examine_elf(fd, class);
	} else if (depth == DEPTH_MAX) {
		why = "is one script of too many that run each other";
	} else {
		/* execvp(3) gives what has no interpreter to the shell */
		bool named = line[0] == '#' && line[1] == '!';

		line[strcspn(line, "\n")] = '\0';
		why = examine_script(named ? line + 2 : line + strlen(line), class,
				     culprit, depth);
	}
	close(fd);
	return why;
}

const char *program_examine(const char *path, enum program_class *class,
			    char culprit[PATH_MAX])
{
	return examine(path, class, culprit, 0);
}
