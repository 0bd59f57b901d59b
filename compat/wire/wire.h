/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams that programs sent to ip_queue, told apart as the module did. Pure:
 * does no I/O, keeps nothing. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "translate.h"

enum wire {
	WIRE_IGNORED,		/* no answer, whoever sent it */
	WIRE_MALFORMED,		/* answered EINVAL, whoever sent it */
	WIRE_CUT_OFF,		/* it says so (MSG_TRUNC); answered ECOMM, whoever sent it */
	WIRE_REQUEST,		/* for the queue to judge */
};

/* Reads the datagram of len bytes whose first have, sizeof(*r) at most, stand
 * at head. Fills r unless it is ignored; the payload is what lies between
 * sizeof(*r) and r->nlh.nlmsg_len. */
enum wire wire_read(const void *head, size_t have, size_t len, struct request *r);

#endif
