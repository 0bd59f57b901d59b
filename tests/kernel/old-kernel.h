/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In what the older kernel that is imitated differs, and what it would remember. */
#ifndef OLD_KERNEL_H
#define OLD_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

/* The program that this is preloaded into may have the same names. */
#pragma GCC visibility push(hidden)

enum trait {
	NO_FLAGS,
	FAMILIES_BOUND,
	NO_NAMESPACE_LINKS,
	NO_GSO,
	RANGE_0,
	EACH_ANSWERED,
	NO_THREAD_SELF,
	VALUE_FIRST,
	NO_NAMES,
	NO_NAMESPACE,
	NO_PIDFD_OPEN,
	NO_PIDFD_GETFD,
	NO_CLOSE_RANGE,
	NO_COOKIE,
	NO_ADDFD_SEND,
	TRAITS,
};

extern bool active[TRAITS];

/* What the kernel would remember; forked processes have the same. */
extern struct remembered {
	bool bound[AF_INET6 + 1];	/* families, with PF_BIND */
	bool range_0[1 << 16];		/* queues of which whole packets were asked for by 0 */
} *kernel;

#pragma GCC visibility pop

static inline int fail(int error)
{
	errno = error;
	return -1;
}

#endif
