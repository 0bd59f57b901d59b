/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an ELF file says of itself that decides whether it can be loaded together with
 * another. Knows nothing of what either is for. */
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
	bool is_cut;		/* its headers name bytes beyond its end */
	bool has_interpreter;	/* it is a program for a loader */
	bool has_soname;	/* others load it by a name */
	bool has_needed;	/* it loads others */
	bool needs_asan;	/* the address sanitizer among them, gcc's form */
	enum elf_libc libc;	/* the C library that it is made for, or that it is */
};

/* False if fd, whatever it is, is no ELF file of a known class and byte order. */
bool elf_read(int fd, struct elf_file *elf);

/* Whether nothing can be loaded into it: it is for no loader, and is none. */
static inline bool elf_is_static(const struct elf_file *elf)
{
	return !elf->has_interpreter && !elf->has_soname;
}

/* Whether both can be in one process. */
bool elf_same_machine(const struct elf_file *a, const struct elf_file *b);
bool elf_same_libc(const struct elf_file *a, const struct elf_file *b);

#endif
