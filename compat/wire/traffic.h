/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sendmsg(2) and recvmsg(2) on a socket that stands for an ip_queue one: old
 * messages in the caller's buffers, translated on the way. */
#ifndef WIRE_TRAFFIC_H
#define WIRE_TRAFFIC_H

#include <sys/socket.h>

#include "netlink.h"

/* -1 and ENOTSOCK: fd is not a socket of ours after all, and nothing was read
 * or written. */
ssize_t traffic_send(struct ipq_socket *s, int fd, const struct msghdr *msg, int flags);
ssize_t traffic_receive(struct ipq_socket *s, int fd, struct msghdr *msg, int flags);

/* send(2) and recv(2), which is all that most programs use. */
ssize_t traffic_send_one(struct ipq_socket *s, int fd, const void *buf, size_t len,
			 int flags);
ssize_t traffic_receive_one(struct ipq_socket *s, int fd, void *buf, size_t len,
			    int flags);

#endif
