/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that send and receive messages on a socket of ip_queue. */
#ifndef SUPERVISE_MESSAGES_H
#define SUPERVISE_MESSAGES_H

#include "calls.h"

/* Carry out the call on a->socket. Return as calls_carry_out. */
int64_t messages_send(struct call *c, struct attempt *a);
int64_t messages_receive(struct call *c, struct attempt *a);

#endif
