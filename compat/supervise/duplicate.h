/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Duplicates of supervised programs' descriptors by which messages were received or sent.
 * They are kept for the next calls, which are usually on the same descriptors. Knows
 * nothing of system calls, nor of when threads end. */
#ifndef SUPERVISE_DUPLICATE_H
#define SUPERVISE_DUPLICATE_H

#include <sys/types.h>

struct ipq_socket;

/* Returns the duplicate of the thread's descriptor "at" if it is kept, and sets socket;
 * else -1. It is no longer kept then. */
int duplicate_take(pid_t thread, int at, struct ipq_socket **socket);

/* Keeps fd, the duplicate of the thread's descriptor "at", which is this socket.
 * duplicate_drop, which closes all that are kept, must be called when the thread ends, and
 * before the descriptor may be closed by any thread: fd keeps the socket open, and "at" may
 * become another file. */
void duplicate_keep(pid_t thread, int at, int fd, struct ipq_socket *socket);
void duplicate_drop(void);

/* Sends the verdicts that are held for the sockets. This is also done before a duplicate
 * is closed. */
void duplicate_flush(void);

#endif
