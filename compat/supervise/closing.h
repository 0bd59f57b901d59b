/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets that threads are about to close, which the kernel does only after our
 * answer. A mover that moves packets to such a socket must be told when it is closed.
 * Knows nothing of how calls are answered. */
#ifndef SUPERVISE_CLOSING_H
#define SUPERVISE_CLOSING_H

#include <stdbool.h>
#include <sys/types.h>

#include "call.h"
#include "netlink.h"

void closing_begin(struct ipq_socket *s, pid_t thread);

/* Checks which sockets have been closed: those of a thread that makes another call, and so
 * has closed its descriptor, or all if thread is 0. */
void closing_look(pid_t thread, const struct window *w);

/* Whether sockets must be checked again after CLOSING_LOOK_AGAIN ms. */
#define CLOSING_LOOK_AGAIN 10
bool closing_is_due(void);

#endif
