/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which descriptors of this process are sockets of ours. Knows nothing of messages. */
#ifndef PRELOAD_SOCKETS_H
#define PRELOAD_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "netlink.h"

/* Linux's default limit for descriptors (fs.nr_open). */
#define SOCKETS_DESCRIPTORS (1 << 20)

/* For each descriptor number, 0 if it was never a socket of ours. */
extern _Atomic uint8_t sockets_descriptors[SOCKETS_DESCRIPTORS];

/* Like sockets_find, for a number that was ours. */
struct ipq_socket *sockets_find_known(int fd);

/* Returns the socket that fd refers to, NULL if it is not ours. Needs no system
 * call in most cases. */
static inline struct ipq_socket *sockets_find(int fd)
{
	if (fd < 0 || fd >= SOCKETS_DESCRIPTORS ||
	    !atomic_load_explicit(&sockets_descriptors[fd], memory_order_relaxed))
		return NULL;
	return sockets_find_known(fd);
}

/* The same, but asks the kernel, as fd may refer to something else now. */
struct ipq_socket *sockets_ask(int fd);

/* Call when fd is a new socket of any kind. */
void sockets_appeared(int fd);

/* Call when fd is a duplicate of from. */
void sockets_duplicate(int from, int fd);

/* Call when a descriptor of s was closed. Others may be open. */
void sockets_closed(struct ipq_socket *s);

/* Returns the lowest number, from fd on, that ever was ours; -1 if there is none. */
int sockets_next(unsigned int fd);

/* Returns the highest number that ever was ours; -1 if there is none. */
int sockets_highest(void);

/* Call when fd was received or inherited, and may be ours. */
void sockets_arrived(int fd);

/* connect(2) as called by nfqueue_open: the descriptor is noted as ours. */
int sockets_connect_kernel(int fd, const struct sockaddr *address, socklen_t len);

#endif
