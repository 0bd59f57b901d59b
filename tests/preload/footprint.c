/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The library does almost nothing else in programs; and it works together with other
 * libraries that interpose functions of the C library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"

TestSuite(footprint, .timeout = 60);

Test(footprint, nothing_is_allocated_before_the_first_socket)
{
	struct child c;

	network_enter();
	child_start(&c, PRELOAD, "allocations", NULL);
	child_says(&c, "none");
	child_ends_well(&c);
}

/* One entry is in every library (frame_dummy, from the compiler); the other keeps some
 * environment variables (exec.c). */
Test(footprint, there_is_one_constructor)
{
	char size[64], names[64];

	cr_assert(!run_output(size, sizeof(size), "readelf -SW %s | "
			      "sed 's/^ *\\[ *[0-9]*\\]//' | awk '$2 == \"INIT_ARRAY\" "
			      "{ print $5 }'", PRELOAD));
	cr_assert(strtoul(size, NULL, 16) == 2 * sizeof(long), ".init_array has %s", size);
	cr_assert(!run_output(names, sizeof(names),
			      "readelf -dW %s | grep -c PREINIT || true", PRELOAD));
	cr_assert_str_eq(names, "0\n");
}

Test(footprint, programs_have_the_threads_and_descriptors_they_made)
{
	char said[256], expected[256];
	const char *show = "ls /proc/self/task | wc -l; ls /proc/self/fd; echo $#";

	network_enter();
	unsetenv("LD_PRELOAD");
	cr_assert(!run_output(expected, sizeof(expected), "%s", show));
	setenv("LD_PRELOAD", PRELOAD, 1);
	cr_assert(!run_output(said, sizeof(said), "%s", show));
	cr_assert_str_eq(said, expected);
}

#ifdef CLOSE_RANGE_UNSHARE	/* since glibc 2.34 */
#define CLOSE_RANGES "close_range closefrom "
#define EXECVEAT "execveat "
#else
#define CLOSE_RANGES ""
#define EXECVEAT ""
#endif

#ifdef STATX_TYPE		/* since glibc 2.28 */
#define STATX "statx "
#else
#define STATX ""
#endif

/* The library exports only the functions that it interposes, and one name for the
 * libipq.so.0 beside it. */
Test(footprint, nothing_else_is_exported)
{
	static const char *const names =
		"__fxstat __fxstatat __lxstat __open64_2 __open_2 __openat64_2 __openat_2 "
		"__read_chk __realpath_chk __recv_chk __recvfrom_chk __xstat accept "
		"accept4 access bind canonicalize_file_name close " CLOSE_RANGES
		"connect creat creat64 dup dup2 dup3 eaccess euidaccess "
		"execl execle execlp execv execve " EXECVEAT "execvp execvpe "
		"faccessat fclose fcntl fcntl64 fdopen fexecve fopen fopen64 freopen freopen64 "
		"fstat fstat64 fstatat fstatat64 getsockname getxattr lgetxattr "
		"libipq_preload_functions listxattr llistxattr lstat lstat64 open open64 openat "
		"openat64 popen posix_spawn posix_spawnp read readlink readlinkat readv "
		"realpath recv recvfrom recvmmsg recvmsg send sendmmsg sendmsg sendto "
		"socket socketpair stat stat64 " STATX "system write writev ";
	char exported[2048];

	/* without the names for a 64-bit time_t, on 32-bit systems */
	cr_assert(!run_output(exported, sizeof(exported),
			      "nm -D --defined-only %s | sed 's/.* //; /^__.*64$/d' | "
			      "LC_ALL=C sort | tr '\\n' ' '", PRELOAD));
	cr_assert_str_eq(exported, names);
}

static void serve(const char *preload, const char *program)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_start(&c, preload, program, "2", NULL);
	child_says(&c, "ready");
	child_is_served(&c, heard);
}

static void find_jemalloc(char path[256])
{
	if (run_output(path, 256, "ldconfig -p | sed -n 's|.*libjemalloc.so.2 "
		       "(libc6,x86-64).* => ||p' | grep -m 1 .")) {
		cr_skip_test("libjemalloc.so.2 is not installed");
	}
	path[strcspn(path, "\n")] = '\0';
}

Test(footprint, jemalloc_may_be_preloaded_before_or_after)
{
	char jemalloc[256], both[1024];

	find_jemalloc(jemalloc);
	snprintf(both, sizeof(both), "%s:%s", jemalloc, PRELOAD);
	serve(both, "stock");
	snprintf(both, sizeof(both), "%s:%s", PRELOAD, jemalloc);
	serve(both, "stock");
}

Test(footprint, a_program_with_address_sanitizer_is_served)
{
	if (access(given("SANITIZED"), X_OK))
		cr_skip_test("clang's address sanitizer is not installed");
	serve(PRELOAD, given("SANITIZED"));
}

Test(footprint, a_program_with_the_shared_address_sanitizer_is_served)
{
	char both[1024];

	if (access(given("SANITIZED_SHARED"), X_OK))
		cr_skip_test("gcc's address sanitizer is not installed");
	/* gcc's sanitizer has to be the first */
	snprintf(both, sizeof(both), "%s:%s", given("ASAN"), PRELOAD);
	serve(both, given("SANITIZED_SHARED"));
}
