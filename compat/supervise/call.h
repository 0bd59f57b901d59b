/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls of a supervised program that are handed over: their kinds, their
 * numbers on each architecture, and their arguments. Knows nothing of how they are
 * carried out. */
#ifndef SUPERVISE_CALL_H
#define SUPERVISE_CALL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum call_kind {
	CALL_NONE,
	/* handed over if the first argument, a descriptor, may be one of our sockets */
	CALL_READ, CALL_READV, CALL_PREADV2, CALL_RECVFROM, CALL_RECVMSG, CALL_RECVMMSG,
	CALL_RECVMMSG_TIME64,
	CALL_RECEIVES_LAST = CALL_RECVMMSG_TIME64,
	CALL_WRITE, CALL_WRITEV, CALL_PWRITEV2, CALL_SENDTO, CALL_SENDMSG, CALL_SENDMMSG,
	CALL_SENDS_LAST = CALL_SENDMMSG,
	CALL_BIND, CALL_CONNECT, CALL_GETSOCKNAME,
	CALL_CLOSE, CALL_DUP,
	/* the same, or if the second one may be */
	CALL_DUP2, CALL_DUP3,
	CALL_OF_DESCRIPTOR_LAST = CALL_DUP3,
	/* handed over depending on other arguments */
	CALL_FCNTL,		/* F_DUPFD, and the descriptor may be one of ours */
	CALL_CLOSE_RANGE,	/* the range has descriptors that may be ours */
	CALL_SOCKET,		/* AF_NETLINK, NETLINK_FIREWALL or NETLINK_IP6_FW */
	/* handed over depending on the call's number only, as its arguments are in
	 * memory */
	CALL_SOCKETCALL,
	/* with a file name, which the filter cannot read: handed over whatever the name
	 * is, but from CALL_OPEN on only if filter_install was told so */
	CALL_EXEC, CALL_EXECVEAT,
	CALL_OPEN, CALL_OPENAT, CALL_OPENAT2, CALL_CREAT,
	CALL_STAT, CALL_STAT_NARROW, CALL_STATAT, CALL_STATX, CALL_ACCESS, CALL_ACCESSAT,
	CALL_READLINK, CALL_READLINKAT, CALL_ATTRIBUTES,
	/* with a descriptor in place of the name, which may be one of ours; so may that of
	 * CALL_STATAT and CALL_STATX with AT_EMPTY_PATH */
	CALL_FSTAT, CALL_FSTAT_NARROW,
	CALL_OF_NAME_LAST = CALL_FSTAT_NARROW,
	/* refused by the filter, so that programs use the other system calls */
	CALL_IO_URING_SETUP,
};

/* The descriptors from first to end - 1 of a supervised program. Our sockets get these
 * numbers in it, and the filter hands over the system calls on them. */
struct window {
	unsigned int first, end;
};

/* The number of a system call on one architecture. */
struct call_number {
	uint16_t number;
	uint8_t kind;
};

struct call_table {
	uint32_t arch;			/* AUDIT_ARCH_* */
	bool is_32bit;			/* its long and its pointers have 32 bits */
	uint16_t execve;		/* the number of execve(2) */
	const struct call_number *numbers;
	size_t count;
};

/* The tables of the architectures whose programs this process can supervise, its own
 * first, with NULL at the end. There may be none. */
extern const struct call_table *const call_tables[];
extern const struct call_table call_table_i386;

struct call {
	uint64_t id;			/* by which the kernel identifies the call */
	pid_t thread;			/* that has made the call */
	const struct call_table *table;	/* of the architecture that it was made for: a
					 * program may use several */
	int number;
	enum call_kind kind;
	uint64_t args[6];
	/* the progress of a call that waits */
	unsigned int done;		/* messages of recvmmsg(2) so far */
	int64_t began;			/* ns of CLOCK_MONOTONIC */
};

static inline bool call_receives(const struct call *c)
{
	return c->kind > CALL_NONE && c->kind <= CALL_RECEIVES_LAST;
}

static inline bool call_sends(const struct call *c)
{
	return c->kind > CALL_RECEIVES_LAST && c->kind <= CALL_SENDS_LAST;
}

static inline bool call_is_of_message(const struct call *c)
{
	return call_receives(c) || call_sends(c);
}

/* Returns the nth argument as an int, or as a word (a length or an address). */
static inline int call_int(const struct call *c, int n)
{
	return (int)c->args[n];
}

static inline uint64_t call_word(const struct call *c, int n)
{
	return c->args[n];
}

/* Whether the structs that the arguments point to are those of 32-bit programs. */
static inline bool call_is_32bit(const struct call *c)
{
	return c->table->is_32bit;
}

/* The result of a call, from a function that returns n, or -1 and errno. */
static inline int64_t call_result(ssize_t n)
{
	return n < 0 ? -errno : n;
}

/* Fills in table, number, kind and args. */
void call_read(struct call *c, uint32_t arch, int number, const uint64_t args[6]);

/* For socketcall(2): returns how many arguments there are in the array that the second
 * argument points to, or 0 if the call cannot be on one of our sockets. Then
 * call_read_socketcall makes c the call that is meant, with these arguments. */
unsigned int call_socketcall_arguments(const struct call *c);
void call_read_socketcall(struct call *c, const uint64_t args[6]);

#endif
