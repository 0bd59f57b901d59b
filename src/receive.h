/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes out of the queue, for the rest of ip_queue: ip_queue_receive is in
 * ip_queue.h. */
#ifndef IPQ_RECEIVE_H
#define IPQ_RECEIVE_H

#include "ip_queue.h"

/* As ip_queue_receive after a message that was not for the program, which may have come
 * from select(2) for it. */
ssize_t receive_next(struct ip_queue *q, int fd, void *buf, size_t len, int flags);

/* Moves what waits in p's socket for the other family to its handle. What waits for
 * ours goes to the end, or to the private number: a forked process that has the
 * socket too may want it, else it is dropped with the socket. */
void receive_move_waiting(struct peer *p, int fd);

#endif
