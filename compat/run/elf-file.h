/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads from an ELF file what decides whether it can be loaded into one process with
 * another. Does not know what either file is used for. */
#ifndef RUN_ELF_FILE_H
#define RUN_ELF_FILE_H

#include <stdbool.h>
#include <stdint.h>

enum elf_libc {
	ELF_LIBC_UNKNOWN,
	ELF_LIBC_GLIBC,
	ELF_LIBC_MUSL,
};

struct elf_file {
	uint8_t class;		/* ELFCLASS32 or ELFCLASS64 */
	uint8_t order;		/* ELFDATA2LSB or ELFDATA2MSB */
	uint16_t machine;	/* EM_* */
	uint16_t type;		/* ET_* */
	bool is_cut;		/* its headers refer to bytes beyond its end */
	bool has_interpreter;	/* PT_INTERP: a program that a loader loads */
	bool has_soname;	/* DT_SONAME: a shared library, or the loader itself */
	bool has_needed;	/* DT_NEEDED: it needs shared libraries */
	bool needs_asan;	/* it needs libasan.so, gcc's address sanitizer */
	enum elf_libc libc;	/* the C library that it is linked to, or that it is */
};

/* Returns false if fd, which may be any file, is not an ELF file or has an unknown byte
 * order. If the byte order is not this machine's, only class and order are filled in. */
bool elf_read(int fd, struct elf_file *elf);

/* Whether no library can be preloaded into it, because it is neither loaded by a loader
 * nor a shared library or a loader itself. */
static inline bool elf_is_static(const struct elf_file *elf)
{
	return !elf->has_interpreter && !elf->has_soname;
}

/* Whether both files can be loaded into one process. A C library that is not known fits
 * any other. */
bool elf_same_machine(const struct elf_file *a, const struct elf_file *b);
bool elf_same_libc(const struct elf_file *a, const struct elf_file *b);

#endif
