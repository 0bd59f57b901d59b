/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ip_queue module as one program saw it: takes old requests, gives old
 * messages. Knows what ip_queue did and nothing of who calls. */
#ifndef IPQ_IP_QUEUE_H
#define IPQ_IP_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "links.h"
#include "settings.h"
#include "translate.h"

/* Our sockets' port ids: these plus the process id, which the kernel keeps
 * below 4194304 (PID_MAX_LIMIT). */
#define PORT_ID_IPV4 1040000000u
#define PORT_ID_IPV6 1060000000u

struct ip_queue {
	struct settings settings;
	uint8_t family;			/* AF_INET or AF_INET6 */
	atomic_bool owner;		/* the queue is bound to our socket */
	_Atomic uint16_t payload_offset; /* in the last packet message */
	struct links links;
};

/* What opening failed at, with errno set. */
enum ip_queue_failure {
	IP_QUEUE_OPENED,
	IP_QUEUE_SETTINGS,
	IP_QUEUE_SOCKET,
	IP_QUEUE_BIND,
};

struct mnl_socket;

/* Reads the settings and opens the socket for a handle of the family. Nothing
 * is claimed yet. */
enum ip_queue_failure ip_queue_open(struct ip_queue *q, uint8_t family,
				    struct mnl_socket **socket);

/* Does as the request r says; payload (r->nlh.nlmsg_len - sizeof(*r) bytes)
 * may be NULL. mark, if not NULL, is set along with a verdict. Returns 0, or
 * -1 and errno when nothing could be sent. The module's own opinion comes as
 * a message. */
int ip_queue_request(struct ip_queue *q, int fd, const struct request *r,
		     const void *payload, const uint32_t *mark);

/* Puts the next message, or as much as len bytes hold, into buf. flags as for
 * recv: MSG_DONTWAIT. Returns the length of the whole message, or -1 and
 * errno. */
ssize_t ip_queue_receive(struct ip_queue *q, int fd, void *buf, size_t len,
			 int flags);

#endif
