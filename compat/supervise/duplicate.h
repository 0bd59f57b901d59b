/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The duplicate of a supervised program's descriptor by which its last message was
 * received or sent. It is kept for the next call, which is usually on the same
 * descriptor. Knows nothing of system calls, nor of when threads end. */
#ifndef SUPERVISE_DUPLICATE_H
#define SUPERVISE_DUPLICATE_H

#include <sys/types.h>

struct ipq_socket;

/* Returns the duplicate that is kept if it is that of the thread's descriptor "at", and
 * sets socket; else -1. It is no longer kept then. */
int duplicate_take(pid_t thread, int at, struct ipq_socket **socket);

/* Keeps fd, the duplicate of the thread's descriptor "at", which is this socket.
 * duplicate_drop must be called when the thread ends, and before the descriptor may be
 * closed by any thread: fd keeps the socket open, and "at" may become another file. */
void duplicate_keep(pid_t thread, int at, int fd, struct ipq_socket *socket);
void duplicate_drop(void);

#endif
