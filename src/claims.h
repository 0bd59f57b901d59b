/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which socket owns which queue number. A socket claims its numbers with its first
 * request, and gives them up to a mover (mover.h) when the handle of the program's other
 * family wants the same numbers. Knows nothing of messages to the program. */
#ifndef IPQ_CLAIMS_H
#define IPQ_CLAIMS_H

#include "ip_queue.h"

/* Claims the queue numbers of q, whose first request is r. They can be claimed if they
 * are free, or if the handle of this program's other family owns them. The messages that
 * the kernel must have before the request are added to out, or have been sent on return.
 * If another program owns a number, the kernel will refuse the request. Returns what
 * EPERM means as the answer to it. */
enum refusal claims_make(struct ip_queue *q, int fd, const struct request *r,
			 struct kernel_request *out);

/* Gives the numbers that the socket of p owns to a mover. Packets of p's family that wait
 * for a verdict stay with p. Returns false, and changes nothing, if that is not
 * possible. */
bool claims_give_up(struct peer *p, int fd);

/* Call when the program has requested a mode. Applies the mode to all numbers of p except
 * the one that its packets arrive by, and starts the mover again if it was killed. */
void claims_set_mode(struct peer *p, int fd);

/* Call when a mover may have ended because its program has executed this one (execve(2)),
 * in which p is a new handle. Starts another for the handle of the other family. */
void claims_recover(const struct peer *p);

/* Call when the socket of p was closed. */
void claims_end(struct peer *p);

#endif
