/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls of a supervised program that are handed over: their kinds, their
 * numbers on each architecture, and their arguments. Knows nothing of how they are
 * carried out. */
#include <linux/audit.h>
#include <linux/net.h>

#include "call.h"
#include "syscalls.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#if defined(__x86_64__) && !defined(__ILP32__)
#define ARCH AUDIT_ARCH_X86_64
#define HAS_I386
#elif defined(__i386__)
#define HAS_I386
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_ARM
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_PPC64LE
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#endif

#ifdef ARCH
/* The most frequent calls come first, as the filter compares in this order. */
static const struct call_number numbers[] = {
	{ SYS_read, CALL_READ },
	{ SYS_write, CALL_WRITE },
#ifdef SYS_recvfrom
	{ SYS_recvfrom, CALL_RECVFROM },
	{ SYS_sendto, CALL_SENDTO },
	{ SYS_recvmsg, CALL_RECVMSG },
	{ SYS_sendmsg, CALL_SENDMSG },
#endif
	{ SYS_close, CALL_CLOSE },
#ifdef SYS_fcntl
	{ SYS_fcntl, CALL_FCNTL },
#endif
#ifdef SYS_fcntl64
	{ SYS_fcntl64, CALL_FCNTL },
#endif
	{ SYS_readv, CALL_READV },
	{ SYS_writev, CALL_WRITEV },
#ifdef SYS_socket
	{ SYS_socket, CALL_SOCKET },
	{ SYS_bind, CALL_BIND },
	{ SYS_connect, CALL_CONNECT },
	{ SYS_getsockname, CALL_GETSOCKNAME },
#endif
#ifdef SYS_socketcall
	{ SYS_socketcall, CALL_SOCKETCALL },
#endif
#ifdef SYS_recvmmsg
	{ SYS_recvmmsg, CALL_RECVMMSG },
#endif
#ifdef SYS_recvmmsg_time64
	{ SYS_recvmmsg_time64, CALL_RECVMMSG_TIME64 },
#endif
	{ SYS_sendmmsg, CALL_SENDMMSG },
	{ SYS_dup, CALL_DUP },
#ifdef SYS_dup2
	{ SYS_dup2, CALL_DUP2 },
#endif
	{ SYS_dup3, CALL_DUP3 },
#ifdef SYS_preadv2
	{ SYS_preadv2, CALL_PREADV2 },
	{ SYS_pwritev2, CALL_PWRITEV2 },
#endif
	{ SYS_close_range, CALL_CLOSE_RANGE },
	{ SYS_io_uring_setup, CALL_IO_URING_SETUP },
	{ SYS_execve, CALL_EXEC },
#ifdef SYS_execveat
	{ SYS_execveat, CALL_EXECVEAT },
#endif
#ifdef SYS_open
	{ SYS_open, CALL_OPEN },
#endif
	{ SYS_openat, CALL_OPENAT },
	{ SYS_openat2, CALL_OPENAT2 },
#ifdef SYS_creat
	{ SYS_creat, CALL_CREAT },
#endif
	/* on 32-bit machines SYS_stat is an older call with another struct */
#if defined(SYS_stat) && __SIZEOF_LONG__ == 8
	{ SYS_stat, CALL_STAT },
	{ SYS_lstat, CALL_STAT },
#endif
#if defined(SYS_fstat) && __SIZEOF_LONG__ == 8
	{ SYS_fstat, CALL_FSTAT },
#endif
#ifdef SYS_newfstatat
	{ SYS_newfstatat, CALL_STATAT },
#endif
#ifdef SYS_statx
	{ SYS_statx, CALL_STATX },
#endif
#ifdef SYS_access
	{ SYS_access, CALL_ACCESS },
#endif
	{ SYS_faccessat, CALL_ACCESSAT },
	{ SYS_faccessat2, CALL_ACCESSAT },
#ifdef SYS_readlink
	{ SYS_readlink, CALL_READLINK },
#endif
	{ SYS_readlinkat, CALL_READLINKAT },
	{ SYS_getxattr, CALL_ATTRIBUTES },
	{ SYS_lgetxattr, CALL_ATTRIBUTES },
	{ SYS_listxattr, CALL_ATTRIBUTES },
	{ SYS_llistxattr, CALL_ATTRIBUTES },
};

static const struct call_table own = {
	.arch = ARCH,
	.is_32bit = sizeof(long) == 4,
	.execve = SYS_execve,
	.numbers = numbers,
	.count = COUNT(numbers),
};
#endif

const struct call_table *const call_tables[] = {
#ifdef ARCH
	&own,
#endif
#ifdef HAS_I386
	&call_table_i386,
#endif
	NULL
};

static const struct call_table *find_table(uint32_t arch)
{
	static const struct call_table none;
	const struct call_table *const *t = call_tables;

	while (*t && (*t)->arch != arch)
		t++;
	return *t ? *t : &none;
}

void call_read(struct call *c, uint32_t arch, int number, const uint64_t args[6])
{
	c->table = find_table(arch);
	c->kind = CALL_NONE;
	c->number = number;
	/* the kernel ignores the upper halves of a 32-bit program's registers */
	for (unsigned int i = 0; i < 6; i++)
		c->args[i] = call_is_32bit(c) ? (uint32_t)args[i] : args[i];
	for (size_t i = 0; i < c->table->count && !c->kind; i++)
		if (c->table->numbers[i].number == number)
			c->kind = c->table->numbers[i].kind;
}

/* The kind and the number of arguments of each call of socketcall(2). send(2) and recv(2)
 * are handled like sendto(2) and recvfrom(2), with zeros for the missing arguments. */
static const struct {
	uint8_t kind, arguments;
} socketcalls[] = {
	[SYS_SOCKET] = { CALL_SOCKET, 3 },
	[SYS_BIND] = { CALL_BIND, 3 },
	[SYS_CONNECT] = { CALL_CONNECT, 3 },
	[SYS_GETSOCKNAME] = { CALL_GETSOCKNAME, 3 },
	[SYS_SEND] = { CALL_SENDTO, 4 },
	[SYS_RECV] = { CALL_RECVFROM, 4 },
	[SYS_SENDTO] = { CALL_SENDTO, 6 },
	[SYS_RECVFROM] = { CALL_RECVFROM, 6 },
	[SYS_SENDMSG] = { CALL_SENDMSG, 3 },
	[SYS_RECVMSG] = { CALL_RECVMSG, 3 },
	[SYS_RECVMMSG] = { CALL_RECVMMSG, 5 },
	[SYS_SENDMMSG] = { CALL_SENDMMSG, 4 },
};

unsigned int call_socketcall_arguments(const struct call *c)
{
	return c->args[0] < COUNT(socketcalls) ? socketcalls[c->args[0]].arguments : 0;
}

void call_read_socketcall(struct call *c, const uint64_t args[6])
{
	unsigned int n = call_socketcall_arguments(c);

	c->kind = n ? socketcalls[c->args[0]].kind : CALL_NONE;
	for (unsigned int i = 0; i < 6; i++)
		c->args[i] = i < n ? args[i] : 0;
}
