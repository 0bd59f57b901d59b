/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives several messages at once, and holds them until the program reads them. */
#ifndef IPQ_BATCHED_H
#define IPQ_BATCHED_H

#include "ip_queue.h"

/* As receive_message: the oldest message held, or the next in the socket. */
ssize_t batched_receive(struct ip_queue *q, int fd, void *buf, size_t len, int flags);

/* As receive_accept, for a message that was taken singly. */
bool batched_accept(struct ip_queue *q, int fd, struct message *m, int flags);

#endif
