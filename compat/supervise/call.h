/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that a supervised program hands over: which, by what number, with which
 * arguments. Knows nothing of what is done with them. */
#ifndef SUPERVISE_CALL_H
#define SUPERVISE_CALL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum call_kind {
	CALL_NONE,
	/* handed over if the descriptor, the first argument, may be one of ours */
	CALL_READ, CALL_WRITE, CALL_READV, CALL_WRITEV, CALL_PREADV2, CALL_PWRITEV2,
	CALL_RECVFROM, CALL_SENDTO, CALL_RECVMSG, CALL_SENDMSG, CALL_RECVMMSG,
	CALL_RECVMMSG_TIME64, CALL_SENDMMSG, CALL_BIND, CALL_CONNECT, CALL_GETSOCKNAME,
	CALL_CLOSE, CALL_DUP, CALL_DUP2, CALL_DUP3,
	CALL_OF_DESCRIPTOR_LAST = CALL_DUP3,
	/* by other arguments */
	CALL_FCNTL,		/* F_DUPFD, and the descriptor may be one of ours */
	CALL_CLOSE_RANGE,	/* reaches numbers that may be ours */
	CALL_SOCKET,		/* AF_NETLINK, NETLINK_FIREWALL or NETLINK_IP6_FW */
	/* as their arguments are in memory, by those of its calls there may be */
	CALL_SOCKETCALL,
	/* with a file's name, which the filter cannot read */
	CALL_EXEC, CALL_EXECVEAT,
	CALL_OPEN, CALL_OPENAT, CALL_OPENAT2, CALL_CREAT,
	CALL_STAT, CALL_STATAT, CALL_STATX, CALL_ACCESS, CALL_ACCESSAT,
	CALL_READLINK, CALL_READLINKAT, CALL_ATTRIBUTES,
	CALL_OF_NAME_LAST = CALL_ATTRIBUTES,
	/* refused, so that programs take their ordinary way */
	CALL_IO_URING_SETUP,
};

/* Descriptor numbers that may be ours: sockets of ours are put there, and the filter
 * hands over what is done with them. */
struct window {
	unsigned int first, end;
};

/* As the kernel numbers the calls of one architecture. */
struct call_number {
	uint16_t number;
	uint8_t kind;
};

struct call_table {
	uint32_t arch;			/* AUDIT_ARCH_* */
	const struct call_number *numbers;
	size_t count;
};

/* That of this machine; false where it is not known. */
bool call_get_table(struct call_table *t);

struct call {
	uint64_t id;			/* the kernel's, while the call waits */
	pid_t thread;			/* that makes it */
	int number;
	enum call_kind kind;
	uint64_t args[6];
	/* as far as it has come, if it has to wait */
	unsigned int done;		/* messages of recvmmsg(2) */
	int64_t began;			/* ns of CLOCK_MONOTONIC */
};

/* An argument that is an int; that is a length, or an address. */
static inline int call_int(const struct call *c, int n)
{
	return (int)c->args[n];
}

static inline uint64_t call_word(const struct call *c, int n)
{
	return sizeof(long) == 4 ? (uint32_t)c->args[n] : c->args[n];
}

/* What a call comes to whose functions return n, or -1 and errno. */
static inline int64_t call_result(ssize_t n)
{
	return n < 0 ? -errno : n;
}

/* Fills in number, kind and args. */
void call_read(struct call *c, int number, const uint64_t args[6]);

/* Of socketcall(2): how many arguments stand where the second one points to, 0 if it is
 * none that could be for us; and what it is with them. */
unsigned int call_socketcall_arguments(const struct call *c);
void call_read_socketcall(struct call *c, const uint64_t args[6]);

#endif
