/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that send and receive messages on a socket of ip_queue's. */
#ifndef SUPERVISE_MESSAGES_H
#define SUPERVISE_MESSAGES_H

#include "calls.h"

/* As calls_carry_out, on the socket that was found. */
int64_t messages_send(struct call *c, struct attempt *a);
int64_t messages_receive(struct call *c, struct attempt *a);

#endif
