/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address of an old ip_queue socket: the port ID it is bound to, as the program sees
 * it. The real socket is one of NETLINK_NETFILTER with another port ID, so this is kept
 * here. Knows nothing of messages. */
#ifndef WIRE_NETLINK_H
#define WIRE_NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ip_queue.h"

struct ipq_socket {
	_Atomic uint32_t port_id;	/* of the real socket; 0: the entry is free */
	_Atomic uint64_t network;	/* the socket's network namespace */
	/* queue.peer->shown is the old port ID, 0 if the socket is not bound. */
	struct ip_queue queue;
};

#ifndef IPQ_SOCKETS_MAX
#define IPQ_SOCKETS_MAX 64
#endif

extern __attribute__((visibility("hidden")))
struct ipq_socket ipq_sockets[IPQ_SOCKETS_MAX];

/* Like socket(2), for NETLINK_FIREWALL (AF_INET) or NETLINK_IP6_FW (AF_INET6). */
int netlink_open(uint8_t family, int type);

/* Returns the entry of the socket fd, which has one of our port IDs. Adds one if another
 * process opened the socket. Returns NULL and errno on failure. */
struct ipq_socket *netlink_of(int fd, uint32_t port_id);

/* Like bind(2), connect(2) and getsockname(2) on a socket of the old protocol. */
int netlink_bind(struct ipq_socket *s, const struct sockaddr *address, socklen_t len);
int netlink_connect(struct ipq_socket *s, const struct sockaddr *address, socklen_t len);
int netlink_name(struct ipq_socket *s, struct sockaddr *address, socklen_t *len);

/* Binds the socket if it is not bound. Called before a message is sent. */
void netlink_autobind(struct ipq_socket *s);

/* Writes a netlink address of the port ID pid, as much as *len bytes hold, and sets *len
 * to its full length. */
void netlink_put_address(uint32_t pid, void *address, socklen_t *len);

#endif
