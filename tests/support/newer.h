/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that were added after ip_queue's last kernel (3.4), and that a C library
 * or a program may use instead of older ones. */
#ifndef NEWER_H
#define NEWER_H

#include <sys/syscall.h>

static const struct newer {
	const char *name;
	unsigned int number;
} newer_calls[] = {
#ifdef SYS_pidfd_open
	{ "pidfd_open", SYS_pidfd_open },
#endif
#ifdef SYS_clone3
	{ "clone3", SYS_clone3 },
#endif
#ifdef SYS_close_range
	{ "close_range", SYS_close_range },
#endif
	{ "memfd_create", SYS_memfd_create }, { "getrandom", SYS_getrandom },
	{ "statx", SYS_statx }, { "execveat", SYS_execveat },
	{ "copy_file_range", SYS_copy_file_range }, { "renameat2", SYS_renameat2 },
#ifdef SYS_rseq
	{ "rseq", SYS_rseq },
#endif
#ifdef SYS_openat2
	{ "openat2", SYS_openat2 },
#endif
#ifdef SYS_faccessat2
	{ "faccessat2", SYS_faccessat2 },
#endif
#ifdef SYS_pidfd_getfd
	{ "pidfd_getfd", SYS_pidfd_getfd },
#endif
	{ "kcmp", SYS_kcmp },
};

#define NEWER_CALLS (sizeof(newer_calls) / sizeof(*newer_calls))

#endif
