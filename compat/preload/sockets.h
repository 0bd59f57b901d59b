/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which descriptors of this process stand for an ip_queue socket. Knows nothing of
 * messages. */
#ifndef PRELOAD_SOCKETS_H
#define PRELOAD_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "netlink.h"

/* Linux allows no more descriptors by default (fs.nr_open). */
#define SOCKETS_DESCRIPTORS (1 << 20)

/* Of each descriptor number, whether it ever was ours: 0 if not. */
extern _Atomic uint8_t sockets_descriptors[SOCKETS_DESCRIPTORS];

/* sockets_find for a number that was ours. */
struct ipq_socket *sockets_find_known(int fd);

/* What fd stands for, NULL if it is not ours. No system call as a rule. */
static inline struct ipq_socket *sockets_find(int fd)
{
	if (fd < 0 || fd >= SOCKETS_DESCRIPTORS ||
	    !atomic_load_explicit(&sockets_descriptors[fd], memory_order_relaxed))
		return NULL;
	return sockets_find_known(fd);
}

/* The same, but asks the kernel: fd may have become something else. */
struct ipq_socket *sockets_ask(int fd);

/* fd is a new socket, of whatever kind. */
void sockets_appeared(int fd);

/* fd is a duplicate of from. */
void sockets_duplicate(int from, int fd);

/* A descriptor of s was closed; there may be others. */
void sockets_closed(struct ipq_socket *s);

/* The first number from fd on that ever was ours, -1 if there is none. */
int sockets_next(unsigned int fd);

/* The highest number that ever was ours, -1 if there is none. */
int sockets_highest(void);

/* fd came from elsewhere and may be ours. */
void sockets_arrived(int fd);

/* connect(2) as nfqueue_open calls it, for socket and ipq_create_handle. */
int sockets_connect_kernel(int fd, const struct sockaddr *address, socklen_t len);

#endif
