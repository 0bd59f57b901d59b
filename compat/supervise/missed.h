/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that were made in a call which a signal then ended, so that the thread has not
 * received the result. The thread usually restarts such a call (signal(7)), or repeats it
 * because of EINTR; the requests are not made again then. Knows nothing of how calls are
 * answered. */
#ifndef SUPERVISE_MISSED_H
#define SUPERVISE_MISSED_H

#include "call.h"

struct ipq_socket;
struct request;

/* Call when a system call begins. */
void missed_begin(const struct call *c);

/* Call before each request that the system call makes. Returns whether the thread has made
 * this request already, in a call whose result it has missed. */
bool missed_has_made(const struct ipq_socket *s, const struct request *r);

/* Call when the request has been made. */
void missed_made(void);

/* Call when the thread has not received the result of its call. */
void missed_note(pid_t thread);

#endif
