/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes how ipq-run examines program files. The first byte of the input selects
 * the result of opening a file, and the user. No files but the input and a few
 * fixed ones are read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fuzz.h"

static struct {
	unsigned int inputs;	/* opens that return the input; 7: all do */
	unsigned int then;	/* index in others, for later opens */
	unsigned int uid, gid;	/* of the user; the file's are 0 */
	ssize_t capabilities;	/* length of the file's capabilities */
} given;

static int input;
static unsigned int opened;

static int open_something(void)
{
	static const char *const others[] = { "/proc/self/exe", "/", NULL, NULL };
	char path[32];

	/* a script may name a script as interpreter, and for each two
	 * files may be opened */
	CHECK(++opened <= 64);
	if (!given.inputs && !others[given.then]) {
		errno = given.then == 2 ? ENOENT : EACCES;
		return -1;
	}
	if (!given.inputs)
		return open(others[given.then], O_RDONLY | O_CLOEXEC);
	given.inputs -= given.inputs < 7;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", input);
	return open(path, O_RDONLY | O_CLOEXEC);
}

#define open(path, flags) open_something()
#define getuid() given.uid
#define getgid() given.gid
#define getxattr(path, name, value, size) ((void)(path), given.capabilities)
#include "../../compat/run/program.c"
#include "../../compat/run/elf-file.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char culprit[PATH_MAX];
	struct elf_file elf;
	const char *why;
	mode_t mode;

	if (!size)
		return 0;
	opened = 0;
	given.inputs = data[0] & 7;
	given.then = data[0] >> 3 & 3;
	given.uid = data[0] >> 5 & 1;
	given.gid = given.then & 1;
	given.capabilities = data[0] >> 6 & 1 ? 20 : -1;
	mode = !(data[0] >> 7) ? 0755 : given.then & 2 ? 06745 : 06755;
	if (!input)
		input = memfd_create("input", MFD_CLOEXEC);
	CHECK(input > 0 && !ftruncate(input, 0) &&
	      pwrite(input, data + 1, size - 1, 0) == (ssize_t)size - 1 &&
	      !fchmod(input, mode));
	why = program_examine("/input", &elf, culprit);
	CHECK(culprit[0] && memchr(culprit, '\0', sizeof(culprit)));
	CHECK(why || elf.class);
	return 0;
}
