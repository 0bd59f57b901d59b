/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sendmsg(2) and recvmsg(2) on a socket that the program takes for one of ip_queue:
 * translates the old messages in the program's buffers. */
#ifndef WIRE_TRAFFIC_H
#define WIRE_TRAFFIC_H

#include <sys/socket.h>

#include "netlink.h"

/* -1 and ENOTSOCK mean that fd is not a socket of ours; then nothing was
 * received or sent. */
ssize_t traffic_send(struct ipq_socket *s, int fd, const struct msghdr *msg, int flags);
ssize_t traffic_receive(struct ipq_socket *s, int fd, struct msghdr *msg, int flags);

/* Like send(2) and recv(2), which most programs use only. */
ssize_t traffic_send_one(struct ipq_socket *s, int fd, const void *buf, size_t len,
			 int flags);
ssize_t traffic_receive_one(struct ipq_socket *s, int fd, void *buf, size_t len,
			    int flags);

#endif
