/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A netlink socket of ip_queue's protocol, as it was opened, bound and named, on one
 * of NETLINK_NETFILTER: what of it the kernel does not keep. Knows nothing of
 * messages. */
#ifndef WIRE_NETLINK_H
#define WIRE_NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ip_queue.h"

struct ipq_socket {
	_Atomic uint32_t port_id;	/* the real one; 0: unused */
	_Atomic uint64_t network;	/* its network namespace */
	struct ip_queue queue;		/* peer->shown is 0 while it is unbound */
};

#ifndef IPQ_SOCKETS_MAX
#define IPQ_SOCKETS_MAX 64
#endif

extern __attribute__((visibility("hidden")))
struct ipq_socket ipq_sockets[IPQ_SOCKETS_MAX];

/* socket(2) for NETLINK_FIREWALL (AF_INET) or NETLINK_IP6_FW (AF_INET6). */
int netlink_open(uint8_t family, int type);

/* That whose descriptor fd is, with one of our port ids; what another process opened
 * is entered. NULL and errno. */
struct ipq_socket *netlink_of(int fd, uint32_t port_id);

/* bind(2), connect(2) and getsockname(2) as the old protocol had them. */
int netlink_bind(struct ipq_socket *s, const struct sockaddr *address, socklen_t len);
int netlink_connect(struct ipq_socket *s, const struct sockaddr *address, socklen_t len);
int netlink_name(struct ipq_socket *s, struct sockaddr *address, socklen_t *len);

/* What sending does to an unbound socket. */
void netlink_autobind(struct ipq_socket *s);

/* Copies as much of a netlink address as there is room for, and says how long
 * it is. */
void netlink_put_address(uint32_t pid, void *address, socklen_t *len);

#endif
