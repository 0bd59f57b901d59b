/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Classifies the datagrams that programs send to ip_queue, as the module did. Pure: no
 * I/O, keeps nothing. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "translate.h"

enum wire {
	WIRE_IGNORED,		/* not answered, whoever sent it */
	WIRE_MALFORMED,		/* answered with EINVAL, whoever sent it */
	/* The flag MSG_TRUNC is set; answered with ECOMM, whoever sent it. */
	WIRE_CUT_OFF,
	WIRE_REQUEST,		/* the answer depends on the queue and the sender */
};

/* Reads a datagram of len bytes, of which the first "have" are at head: at most
 * sizeof(*r). Fills in r unless the datagram is ignored. The payload is between
 * sizeof(*r) and r->nlh.nlmsg_len. */
enum wire wire_read(const void *head, size_t have, size_t len, struct request *r);

#endif
