/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which socket has which queue number: claimed, and given up to a mover where both
 * families of a program mean it. Knows nothing of messages to the program. */
#ifndef IPQ_CLAIMS_H
#define IPQ_CLAIMS_H

#include "ip_queue.h"

/* Claims q's numbers, if they are free or the other family's of this program, along with
 * its first request r: what the kernel is to be told before the request is added to out,
 * or told already. If they are another's the request will be refused. Returns what an EPERM
 * then means. */
enum refusal claims_make(struct ip_queue *q, int fd, const struct request *r,
			 struct kernel_request *out);

/* Gives p's numbers, which it has itself, to a mover, and keeps those packets that are
 * its own. False if that cannot be; then nothing has changed. */
bool claims_give_up(struct peer *p, int fd);

/* A mode is asked for: tells the numbers besides the one that its packets come by, and
 * starts a mover again that was killed. */
void claims_set_mode(struct peer *p, int fd);

/* p's socket was closed. */
void claims_end(struct peer *p);

#endif
