/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seccomp filter of a supervised program. It decides which system calls the kernel
 * hands over to the supervisor. Knows nothing of how they are carried out. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>

#include "filter.h"

/* No longer in the kernel's headers. */
#define NETLINK_IP6_FW 13

/* This filter confines nothing, so the kernel need not slow the program down as it does
 * with programs that are not trusted, by default before Linux 5.16 (SPEC_ALLOW).
 * SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, with which signals would no longer end calls
 * that are being carried out, is not used: it applies to all calls that are handed over,
 * and so signals would not end a read that waits for a message either. */
#define FLAGS (SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW)

/* A conditional jump can skip 255 instructions, within the code for one architecture or
 * all of it. */
#define TABLE_MAX 255
#define INSTRUCTIONS_MAX (2 * TABLE_MAX)

struct code {
	struct sock_filter ins[INSTRUCTIONS_MAX];
	unsigned int n;
};

static void add(struct code *c, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (c->n < INSTRUCTIONS_MAX)
		c->ins[c->n] = (struct sock_filter) { code, jt, jf, k };
	c->n++;
}

static void load(struct code *c, size_t offset)
{
	add(c, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

/* Loads the lower half of an argument, which is all of an int. */
static void load_argument(struct code *c, int n)
{
	load(c, offsetof(struct seccomp_data, args[n]) +
	     (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0));
}

static void give(struct code *c, uint32_t action)
{
	add(c, BPF_RET | BPF_K, action, 0, 0);
}

/* The next instruction is executed only if the comparison is true, or only if it is
 * false. */
static void next_if(struct code *c, uint16_t comparison, uint32_t k)
{
	add(c, BPF_JMP | BPF_K | comparison, k, 0, 1);
}

static void next_if_not(struct code *c, uint16_t comparison, uint32_t k)
{
	add(c, BPF_JMP | BPF_K | comparison, k, 1, 0);
}

/* Hands over the call if the first argument is a descriptor that may be ours. */
static void hand_over_descriptor(struct code *c, const struct window *w)
{
	load_argument(c, 0);
	next_if_not(c, BPF_JGE, w->first);
	give(c, SECCOMP_RET_ALLOW);
	next_if(c, BPF_JGE, w->end);
	give(c, SECCOMP_RET_ALLOW);
	give(c, SECCOMP_RET_USER_NOTIF);
}

/* The second argument is a descriptor that is closed, if it is open. */
static void hand_over_duplicate(struct code *c, const struct window *w)
{
	load_argument(c, 1);
	add(c, BPF_JMP | BPF_K | BPF_JGE, w->first, 0, 2);
	add(c, BPF_JMP | BPF_K | BPF_JGE, w->end, 1, 0);
	give(c, SECCOMP_RET_USER_NOTIF);
	hand_over_descriptor(c, w);
}

static void hand_over_fcntl(struct code *c, const struct window *w)
{
	load_argument(c, 1);
	add(c, BPF_JMP | BPF_K | BPF_JEQ, F_DUPFD, 2, 0);
	next_if_not(c, BPF_JEQ, F_DUPFD_CLOEXEC);
	give(c, SECCOMP_RET_ALLOW);
	hand_over_descriptor(c, w);
}

static void hand_over_close_range(struct code *c, const struct window *w)
{
	load_argument(c, 1);
	next_if_not(c, BPF_JGE, w->first);
	give(c, SECCOMP_RET_ALLOW);
	give(c, SECCOMP_RET_USER_NOTIF);
}

/* With AT_EMPTY_PATH most calls are about a descriptor, such as fstat(2), and have no
 * name. */
static void hand_over_name(struct code *c, int argument, const struct window *w)
{
	load_argument(c, argument);
	add(c, BPF_JMP | BPF_K | BPF_JSET, AT_EMPTY_PATH, 1, 0);
	give(c, SECCOMP_RET_USER_NOTIF);
	hand_over_descriptor(c, w);
}

static void hand_over_socket(struct code *c)
{
	load_argument(c, 0);
	next_if_not(c, BPF_JEQ, AF_NETLINK);
	give(c, SECCOMP_RET_ALLOW);
	load_argument(c, 2);
	next_if(c, BPF_JEQ, NETLINK_FIREWALL);
	give(c, SECCOMP_RET_USER_NOTIF);
	next_if(c, BPF_JEQ, NETLINK_IP6_FW);
	give(c, SECCOMP_RET_USER_NOTIF);
	give(c, SECCOMP_RET_ALLOW);
}

/* Hands over the calls of socketcall(2) that concern messages and addresses: all but
 * listen, accept, socketpair, shutdown, setsockopt, getsockopt and accept4. */
static void hand_over_socketcall(struct code *c)
{
	static const uint8_t passed[] = { 4, 5, 8, 13, 14, 15, 18 };

	load_argument(c, 0);
	for (size_t i = 0; i < sizeof(passed); i++) {
		next_if(c, BPF_JEQ, passed[i]);
		give(c, SECCOMP_RET_ALLOW);
	}
	give(c, SECCOMP_RET_USER_NOTIF);
}

static void judge(struct code *c, enum call_kind kind, const struct window *w)
{
	switch (kind) {
	case CALL_DUP2:
		hand_over_duplicate(c, w);
		break;
	case CALL_FCNTL:
		hand_over_fcntl(c, w);
		break;
	case CALL_CLOSE_RANGE:
		hand_over_close_range(c, w);
		break;
	case CALL_SOCKET:
		hand_over_socket(c);
		break;
	case CALL_SOCKETCALL:
		hand_over_socketcall(c);
		break;
	case CALL_EXEC:
		give(c, SECCOMP_RET_USER_NOTIF);
		break;
	case CALL_STATAT:
		hand_over_name(c, 3, w);
		break;
	case CALL_STATX:
		hand_over_name(c, 2, w);
		break;
	case CALL_IO_URING_SETUP:
		give(c, SECCOMP_RET_ERRNO | ENOSYS);
		break;
	default:
		hand_over_descriptor(c, w);
	}
}

static enum call_kind judged_as(enum call_kind kind)
{
	if (kind == CALL_DUP2 || kind == CALL_DUP3)
		return CALL_DUP2;
	if (kind <= CALL_OF_DESCRIPTOR_LAST || kind == CALL_FSTAT || kind == CALL_FSTAT_NARROW)
		return CALL_READ;
	return kind > CALL_EXEC && kind <= CALL_OF_NAME_LAST && kind != CALL_STATAT &&
	       kind != CALL_STATX ? CALL_EXEC : kind;
}

static bool is_of_name(enum call_kind kind)
{
	return kind >= CALL_OPEN && kind <= CALL_OF_NAME_LAST;
}

/* Adds the code for one architecture: a comparison with each number, and then for each
 * kind of call the code that all numbers of this kind jump to. */
static void add_table(struct code *c, const struct call_table *t, const struct window *w,
		      bool names)
{
	unsigned int jump[256] = { 0 }, skip;
	uint64_t judged = 0;

	load(c, offsetof(struct seccomp_data, arch));
	skip = c->n;
	add(c, BPF_JMP | BPF_K | BPF_JEQ, t->arch, 0, 0);
	load(c, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < t->count; i++) {
		if (!names && is_of_name(t->numbers[i].kind))
			continue;
		jump[i] = c->n;
		add(c, BPF_JMP | BPF_K | BPF_JEQ, t->numbers[i].number, 0, 0);
	}
	give(c, SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < t->count; i++) {
		enum call_kind kind = judged_as(t->numbers[i].kind);

		if (judged & UINT64_C(1) << kind || (!names && is_of_name(t->numbers[i].kind)))
			continue;
		judged |= UINT64_C(1) << kind;
		for (size_t j = i; j < t->count; j++)
			if (judged_as(t->numbers[j].kind) == kind && jump[j] &&
			    jump[j] < INSTRUCTIONS_MAX)
				c->ins[jump[j]].jt = c->n - jump[j] - 1;
		judge(c, kind, w);
	}
	if (skip < INSTRUCTIONS_MAX)
		c->ins[skip].jf = c->n - skip - 1;
	if (c->n - skip > TABLE_MAX)
		c->n = INSTRUCTIONS_MAX + 1;
}

int filter_install(const struct window *w, bool names)
{
	struct code c = { .n = 0 };
	struct sock_fprog program = { .filter = c.ins };

	for (const struct call_table *const *t = call_tables; *t; t++)
		add_table(&c, *t, w, names);
	give(&c, SECCOMP_RET_ALLOW);
	if (!*call_tables || c.n > INSTRUCTIONS_MAX) {
		errno = ENOSYS;
		return -1;
	}
	program.len = c.n;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, FLAGS, &program);
}
