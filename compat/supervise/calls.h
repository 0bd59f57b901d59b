/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out a system call that was handed over, as the kernel would on a socket of
 * ip_queue. Knows nothing of where calls come from, nor of waiting. */
#ifndef SUPERVISE_CALLS_H
#define SUPERVISE_CALLS_H

#include "call.h"
#include "netlink.h"

/* The result of a call: its return value, a negative errno, or one of these. */
#define CALL_CONTINUES INT64_MIN	/* the kernel carries it out */
#define CALL_WAITS (INT64_MIN + 1)	/* there is no message yet */
#define CALL_GIVES (INT64_MIN + 2)	/* the program gets the descriptor fd */
#define CALL_COMES_AGAIN (INT64_MIN + 3)	/* the thread makes another one instead */
#define CALL_CLOSES (INT64_MIN + 4)	/* the kernel carries it out, and then
					 * calls_closed must be called */

/* What is used while a call is carried out. The caller must close fd. */
struct attempt {
	int fd;				/* duplicate of the program's, or -1 */
	struct ipq_socket *socket;	/* NULL if it is not one of our sockets */
	int to, flags;			/* with CALL_GIVES: the number (-1: the first that
					 * is free), and O_CLOEXEC */
};

/* Carries out the call as far as possible without waiting. a is empty at first; after
 * CALL_WAITS, call this again with the same a. */
int64_t calls_carry_out(struct call *c, const struct window *w, struct attempt *a);

/* calls_deadline returns the time at which a call that waits must end, in ns of
 * CLOCK_MONOTONIC, or INT64_MAX if there is none. calls_time_out returns its result
 * then. */
int64_t calls_deadline(const struct call *c, const struct attempt *a);
int64_t calls_time_out(const struct call *c);

/* Call when the thread has closed a descriptor of the socket, or is about to. Returns
 * whether it was the last one, and is closed. */
bool calls_closed(struct ipq_socket *s, pid_t thread, const struct window *w);

/* Whether verdicts are held for the socket. */
bool calls_holds_verdicts(const struct ipq_socket *s);

#endif
