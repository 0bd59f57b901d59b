/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives several messages at once, and holds them until the program reads them. */
#ifndef IPQ_BATCHED_H
#define IPQ_BATCHED_H

#include "ip_queue.h"

/* Like ip_queue_receive, but does not end reads whose mark may be missing, nor trace. */
ssize_t batched_receive(struct ip_queue *q, int fd, void *buf, size_t len, int flags);

/* Like receive_is_for_program, for a message that was received singly; read_at as for
 * receive_singly. */
bool batched_accept(struct ip_queue *q, int fd, struct message *m, int flags,
		    uint64_t read_at);

#endif
