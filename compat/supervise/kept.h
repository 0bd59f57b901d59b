/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages that were taken out of a socket for a call that a signal then ended: the next
 * call has them. Knows nothing of the program. */
#ifndef SUPERVISE_KEPT_H
#define SUPERVISE_KEPT_H

#include "netlink.h"

/* Where a message is received, that it may be kept. */
#define KEPT_ROOM 0x20000
extern unsigned char kept_room[KEPT_ROOM];

/* ip_queue_receive, but never waits, and gives the kept message first. A packet whose
 * message is longer than room, the program's own, may be decided on (LIBIPQ_TRUNCATED). */
ssize_t kept_receive(struct ipq_socket *s, int fd, void *buf, size_t len, size_t room,
		     int flags);

/* A call begins; what the one before it took, the program has. */
void kept_begin(void);

/* What the last call took nobody has. fd, its socket, is readable while it is kept. */
void kept_keep(int fd);

/* s is a new socket, with no past. */
void kept_reset(struct ipq_socket *s);

#endif
