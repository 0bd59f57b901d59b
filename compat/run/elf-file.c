/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads from an ELF file (elf(5)) what decides whether it can be loaded into one process
 * with another. Does not know what either file is used for. The file may be damaged or
 * hostile: its offsets are only used to read from it, whatever they are. */
#include <elf.h>
#include <endian.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf-file.h"

/* Limits for damaged files: no program has as many, and each one costs a read. */
#define SEGMENTS_MAX 256
#define ENTRIES_MAX 1000

#define NATIVE_ORDER (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

struct reader {
	int fd;
	bool is_64;
	union { Elf32_Ehdr of_32; Elf64_Ehdr of_64; } header;
	uint64_t size;		/* of the file */
	uint64_t strings;	/* offset of the dynamic section's strings */
};

/* A program header and a dynamic entry of either class, in their 64-bit forms. */
typedef Elf64_Phdr segment;
typedef Elf64_Dyn entry;

/* Reads n bytes at offset. Bytes that cannot be read, such as those beyond the end of the
 * file, are set to zero. */
static void read_at(int fd, uint64_t offset, void *data, size_t n)
{
	ssize_t got = offset <= (uint64_t)INT64_MAX - n ? pread(fd, data, n, offset) : 0;

	if (got < 0)
		got = 0;
	memset((char *)data + got, 0, n - got);
}

static unsigned int count_segments(const struct reader *r)
{
	unsigned int n = r->is_64 ? r->header.of_64.e_phnum : r->header.of_32.e_phnum;

	return n < SEGMENTS_MAX ? n : SEGMENTS_MAX;
}

static uint64_t segments_at(const struct reader *r)
{
	return r->is_64 ? r->header.of_64.e_phoff : r->header.of_32.e_phoff;
}

static segment read_segment(const struct reader *r, unsigned int n)
{
	uint64_t at = segments_at(r);
	Elf32_Phdr narrow;
	segment wide;

	if (r->is_64) {
		read_at(r->fd, at + n * sizeof(wide), &wide, sizeof(wide));
		return wide;
	}
	read_at(r->fd, at + n * sizeof(narrow), &narrow, sizeof(narrow));
	return (segment) {
		.p_type = narrow.p_type, .p_offset = narrow.p_offset,
		.p_vaddr = narrow.p_vaddr, .p_filesz = narrow.p_filesz,
	};
}

static entry read_entry(const struct reader *r, uint64_t at, unsigned int n)
{
	Elf32_Dyn narrow;
	entry wide;

	if (r->is_64) {
		read_at(r->fd, at + n * sizeof(wide), &wide, sizeof(wide));
		return wide;
	}
	read_at(r->fd, at + n * sizeof(narrow), &narrow, sizeof(narrow));
	return (entry) { .d_tag = narrow.d_tag, .d_un.d_val = narrow.d_un.d_val };
}

/* Returns the offset in the file of what a segment loads at the address, 0 if none
 * does. */
static uint64_t find_address(const struct reader *r, uint64_t address)
{
	for (unsigned int i = 0; i < count_segments(r); i++) {
		segment s = read_segment(r, i);

		if (s.p_type == PT_LOAD && address >= s.p_vaddr &&
		    address - s.p_vaddr < s.p_filesz)
			return s.p_offset + (address - s.p_vaddr);
	}
	return 0;
}

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

/* Recognizes glibc and musl by the file names of their libraries and loaders. */
static enum elf_libc libc_of(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	if (begins(name, "ld-musl-") || begins(name, "libc.musl-") ||
	    !strcmp(name, "libc.so"))
		return ELF_LIBC_MUSL;
	if (begins(name, "ld-linux") || begins(name, "ld64.so.") ||
	    begins(name, "ld.so.") || begins(name, "libc.so.6"))
		return ELF_LIBC_GLIBC;
	return ELF_LIBC_UNKNOWN;
}

static void take_libc(struct elf_file *elf, const char *name)
{
	if (elf->libc == ELF_LIBC_UNKNOWN)
		elf->libc = libc_of(name);
}

static void read_dynamic(struct reader *r, uint64_t at, struct elf_file *elf)
{
	char name[64];
	entry e;

	for (unsigned int i = 0; i < ENTRIES_MAX; i++) {
		e = read_entry(r, at, i);
		if (e.d_tag == DT_STRTAB)
			r->strings = find_address(r, e.d_un.d_ptr);
		if (e.d_tag == DT_NULL || e.d_tag == DT_STRTAB)
			break;
	}
	for (unsigned int i = 0; i < ENTRIES_MAX; i++) {
		e = read_entry(r, at, i);
		if (e.d_tag == DT_NULL)
			break;
		if (e.d_tag != DT_NEEDED && e.d_tag != DT_SONAME)
			continue;
		read_at(r->fd, r->strings + e.d_un.d_val, name, sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		elf->has_soname |= e.d_tag == DT_SONAME;
		elf->has_needed |= e.d_tag == DT_NEEDED;
		elf->needs_asan |= e.d_tag == DT_NEEDED && begins(name, "libasan.so");
		take_libc(elf, name);
	}
}

static void read_segments(struct reader *r, struct elf_file *elf)
{
	char interpreter[256];
	uint64_t dynamic = 0;

	for (unsigned int i = 0; i < count_segments(r); i++) {
		segment s = read_segment(r, i);

		if (s.p_type == PT_INTERP) {
			read_at(r->fd, s.p_offset, interpreter, sizeof(interpreter) - 1);
			interpreter[sizeof(interpreter) - 1] = '\0';
			elf->has_interpreter = true;
			take_libc(elf, interpreter);
		}
		if (s.p_type == PT_DYNAMIC)
			dynamic = s.p_offset;
		if (s.p_filesz && (s.p_offset > r->size ||
				   s.p_filesz > r->size - s.p_offset))
			elf->is_cut = true;
	}
	/* after the interpreter, which tells most reliably which C library is used */
	if (dynamic)
		read_dynamic(r, dynamic, elf);
}

bool elf_read(int fd, struct elf_file *elf)
{
	struct reader r = { .fd = fd };
	const Elf32_Ehdr *h = &r.header.of_32;	/* the same in both forms up to e_entry */
	struct stat st;

	*elf = (struct elf_file) { .class = ELFCLASSNONE };
	read_at(fd, 0, &r.header, sizeof(r.header));
	if (memcmp(h->e_ident, ELFMAG, SELFMAG) || fstat(fd, &st))
		return false;
	r.size = st.st_size;
	r.is_64 = h->e_ident[EI_CLASS] == ELFCLASS64;
	elf->class = h->e_ident[EI_CLASS];
	elf->order = h->e_ident[EI_DATA];
	if (elf->order != NATIVE_ORDER) {
		/* It is for another machine in any case; the other fields are in the
		 * foreign byte order and are not read. */
		return elf->order == ELFDATA2LSB || elf->order == ELFDATA2MSB;
	}
	elf->machine = h->e_machine;
	elf->type = h->e_type;
	elf->is_cut = r.size < (r.is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)) ||
		      segments_at(&r) > r.size ||
		      count_segments(&r) * (r.is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) >
		      r.size - segments_at(&r);
	read_segments(&r, elf);
	return true;
}

bool elf_same_machine(const struct elf_file *a, const struct elf_file *b)
{
	return a->class == b->class && a->order == b->order && a->machine == b->machine;
}

bool elf_same_libc(const struct elf_file *a, const struct elf_file *b)
{
	return a->libc == b->libc || !a->libc || !b->libc;
}
