/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of the system calls of i386 programs, which a 64-bit kernel runs as well.
 * They are in a file of their own, as the numbers of x86_64 have the same names. */
#include <linux/audit.h>

#include "call.h"

#if (defined(__x86_64__) && !defined(__ILP32__)) || defined(__i386__)

#include <asm/unistd_32.h>

/* Not in the headers of older kernels. */
#ifndef __NR_statx
#define __NR_statx 383
#endif
#ifndef __NR_recvmmsg_time64
#define __NR_recvmmsg_time64 417
#endif
#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup 425
#endif
#ifndef __NR_close_range
#define __NR_close_range 436
#endif
#ifndef __NR_openat2
#define __NR_openat2 437
#endif
#ifndef __NR_faccessat2
#define __NR_faccessat2 439
#endif

/* The most frequent calls come first, as the filter compares in this order. stat(2) and
 * stat64(2) differ in their struct. */
static const struct call_number numbers[] = {
	{ __NR_read, CALL_READ },
	{ __NR_write, CALL_WRITE },
	{ __NR_socketcall, CALL_SOCKETCALL },
	{ __NR_recvfrom, CALL_RECVFROM },
	{ __NR_sendto, CALL_SENDTO },
	{ __NR_recvmsg, CALL_RECVMSG },
	{ __NR_sendmsg, CALL_SENDMSG },
	{ __NR_close, CALL_CLOSE },
	{ __NR_fcntl64, CALL_FCNTL },
	{ __NR_fcntl, CALL_FCNTL },
	{ __NR_readv, CALL_READV },
	{ __NR_writev, CALL_WRITEV },
	{ __NR_socket, CALL_SOCKET },
	{ __NR_bind, CALL_BIND },
	{ __NR_connect, CALL_CONNECT },
	{ __NR_getsockname, CALL_GETSOCKNAME },
	{ __NR_recvmmsg, CALL_RECVMMSG },
	{ __NR_recvmmsg_time64, CALL_RECVMMSG_TIME64 },
	{ __NR_sendmmsg, CALL_SENDMMSG },
	{ __NR_dup, CALL_DUP },
	{ __NR_dup2, CALL_DUP2 },
	{ __NR_dup3, CALL_DUP3 },
	{ __NR_preadv2, CALL_PREADV2 },
	{ __NR_pwritev2, CALL_PWRITEV2 },
	{ __NR_close_range, CALL_CLOSE_RANGE },
	{ __NR_io_uring_setup, CALL_IO_URING_SETUP },
	{ __NR_execve, CALL_EXEC },
	{ __NR_execveat, CALL_EXECVEAT },
	{ __NR_open, CALL_OPEN },
	{ __NR_openat, CALL_OPENAT },
	{ __NR_openat2, CALL_OPENAT2 },
	{ __NR_creat, CALL_CREAT },
	{ __NR_stat64, CALL_STAT },
	{ __NR_lstat64, CALL_STAT },
	{ __NR_stat, CALL_STAT_NARROW },
	{ __NR_lstat, CALL_STAT_NARROW },
	{ __NR_fstatat64, CALL_STATAT },
	{ __NR_fstat64, CALL_FSTAT },
	{ __NR_fstat, CALL_FSTAT_NARROW },
	{ __NR_statx, CALL_STATX },
	{ __NR_access, CALL_ACCESS },
	{ __NR_faccessat, CALL_ACCESSAT },
	{ __NR_faccessat2, CALL_ACCESSAT },
	{ __NR_readlink, CALL_READLINK },
	{ __NR_readlinkat, CALL_READLINKAT },
	{ __NR_getxattr, CALL_ATTRIBUTES },
	{ __NR_lgetxattr, CALL_ATTRIBUTES },
	{ __NR_listxattr, CALL_ATTRIBUTES },
	{ __NR_llistxattr, CALL_ATTRIBUTES },
};

const struct call_table call_table_i386 = {
	.arch = AUDIT_ARCH_I386,
	.is_32bit = true,
	.execve = __NR_execve,
	.numbers = numbers,
	.count = sizeof(numbers) / sizeof(numbers[0]),
};

#endif
