/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which socket owns which queue number. A socket claims its numbers with its first
 * request. If the handle of the program's other family owns them, it shares them
 * (sharing.h). Knows nothing of messages to the program. */
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

#endif
