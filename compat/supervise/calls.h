/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a call does that was handed over: as the kernel would on a socket of ip_queue's.
 * Knows nothing of where calls come from, nor how one waits. */
#ifndef SUPERVISE_CALLS_H
#define SUPERVISE_CALLS_H

#include "call.h"
#include "netlink.h"

/* What a call comes to: its value, a negative errno, or one of these. */
#define CALL_CONTINUES INT64_MIN	/* it is the kernel's after all */
#define CALL_WAITS (INT64_MIN + 1)	/* nothing to be had yet */
#define CALL_GIVES (INT64_MIN + 2)	/* fd is to be put into the program */
#define CALL_COMES_AGAIN (INT64_MIN + 3)	/* as another: this one is over */
#define CALL_CLOSES (INT64_MIN + 4)	/* it is the kernel's, and calls_closed is
					 * to be called when it is over */

/* What is at hand while a call is carried out. Whoever calls closes fd. */
struct attempt {
	int fd;				/* ours for the program's; -1: none */
	struct ipq_socket *socket;	/* NULL: none of ours */
	int to, flags;			/* with CALL_GIVES: where (-1: the first that is
					 * free), and O_CLOEXEC */
};

/* Carries it out as far as that goes without waiting; a is empty at first, and as it was
 * left when it has waited. */
int64_t calls_carry_out(struct call *c, const struct window *w, struct attempt *a);

/* When a call that waits has waited enough, in ns of CLOCK_MONOTONIC; INT64_MAX: never.
 * And what it then comes to. */
int64_t calls_deadline(const struct call *c, const struct attempt *a);
int64_t calls_time_out(const struct call *c);

/* The thread has closed a descriptor of the socket, or is about to. Whether it was the
 * last. */
bool calls_closed(struct ipq_socket *s, pid_t thread, const struct window *w);

int64_t calls_now(void);

#endif
