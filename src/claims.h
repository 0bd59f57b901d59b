/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which socket has which queue number: claimed, shared by the two families of one
 * program, handed on. Knows nothing of messages to the program. */
#ifndef IPQ_CLAIMS_H
#define IPQ_CLAIMS_H

#include "ip_queue.h"

/* Private numbers are looked for among the last ones, which people use least. */
#define CLAIMS_PRIVATE_NUMBERS 1024
#define CLAIMS_PRIVATE_FIRST (UINT16_MAX + 1 - CLAIMS_PRIVATE_NUMBERS)

/* Claims q's numbers, if they are free, along with its first request r: what the
 * kernel is to be told before the request is added to out, or told already. If
 * they are another's the request will be refused. Returns what an EPERM then means. */
enum refusal claims_make(struct ip_queue *q, int fd, const struct request *r,
			 struct kernel_request *out);

/* The handle that means p's numbers too, of the other family; NULL if there is
 * none. */
struct peer *claims_sharer(const struct peer *p);

/* Before from, which holds numbers and is to get no packets, asks for none: they go to
 * the other that means them. */
void claims_pass(struct peer *from, struct peer *to);

/* p has a private number. Takes those it means that nobody has. */
void claims_take_free(struct peer *p);

/* After the one that held p's numbers has closed its socket, which had the port id
 * from. */
void claims_take_over(struct peer *p, uint32_t from);

/* Sets the copy mode of the numbers p holds besides the one its packets come by. */
void claims_set_mode(struct peer *p, int fd);

#endif
