/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps messages that were received for a system call which a signal then ended, so that
 * the next call receives them. Knows nothing of the program. */
#ifndef SUPERVISE_KEPT_H
#define SUPERVISE_KEPT_H

#include "netlink.h"

/* The buffer for messages. It is not used for anything else until the next system call,
 * as kept_keep copies the message from it. */
#define KEPT_ROOM 0x20000
extern unsigned char kept_room[KEPT_ROOM];

/* Like ip_queue_receive, but never waits, and returns the kept message first. "room" is
 * the size of the program's buffer; if a packet's message is longer, LIBIPQ_TRUNCATED
 * decides on the packet. */
ssize_t kept_receive(struct ipq_socket *s, int fd, void *buf, size_t len, size_t room,
		     int flags);

/* Call when a system call begins. What was received for the previous one has reached the
 * program. */
void kept_begin(void);

/* Keeps the message that was received for the last system call, because it has not
 * reached the program. fd is its socket, which is made readable while the message is
 * kept. */
void kept_keep(int fd);

/* Call for a new socket: forgets what was kept for the previous one at s. */
void kept_reset(struct ipq_socket *s);

#endif
