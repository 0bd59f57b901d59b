/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sendmsg(2) and recvmsg(2) on a socket that stands for an ip_queue one: old
 * messages in the caller's buffers, translated on the way. */
#ifndef COMPAT_TRAFFIC_H
#define COMPAT_TRAFFIC_H

#include <sys/socket.h>

#include "sockets.h"

ssize_t traffic_send(struct ipq_socket *s, int fd, const struct msghdr *msg, int flags);
ssize_t traffic_receive(struct ipq_socket *s, int fd, struct msghdr *msg, int flags);

#endif
