/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ip_queue module as one program saw it: takes old requests, gives old
 * messages. Knows what ip_queue did and nothing of who calls. */
#ifndef IPQ_IP_QUEUE_H
#define IPQ_IP_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "links.h"
#include "peers.h"
#include "settings.h"
#include "trace.h"
#include "translate.h"

struct ip_queue {
	struct settings settings;
	uint8_t family;			/* AF_INET or AF_INET6 */
	struct peer *peer;		/* what forked processes share of it */
	struct batch *batch;		/* NULL: one message at a time */
	struct trace *trace;		/* NULL: nobody wants one */
	struct links links;
};

/* Reads the settings and opens a socket of the type (SOCK_RAW, …). Nothing is
 * claimed yet. Returns the descriptor, or -1 and errno: EINVAL for a setting (with
 * a line on stderr), EADDRINUSE if the process has one of the family with the same
 * queue number, unless again is set, EMFILE for too many, EPROTONOSUPPORT when the
 * kernel lacks nfnetlink_queue, or as socket(2). */
int ip_queue_open(struct ip_queue *q, uint8_t family, int type, bool again);

/* The same for a socket that was opened elsewhere, in a process that is no more
 * this one: its port id tells what it is. Returns 0, or -1 and errno: EINVAL also if it
 * is none of ours. */
int ip_queue_adopt(struct ip_queue *q, int fd, uint32_t port_id);

/* Changes the settings before the first request. Returns 0, or EBUSY after it,
 * EADDRINUSE if the process has another of the family with such a number, ENOMEM or
 * EMFILE if there is no room for a batch; then all are as they were. */
int ip_queue_set(struct ip_queue *q, const struct settings *s);

/* close(2), of a descriptor that may be one of several. */
int ip_queue_close(struct ip_queue *q, int fd);

/* Call when the last descriptor was closed. */
void ip_queue_end_trace(struct ip_queue *q);

/* Does as the request r says; payload (r->nlh.nlmsg_len - sizeof(*r) bytes)
 * may be NULL. mark, if not NULL, is set along with a verdict. Returns 0, or
 * -1 and errno when nothing could be sent. The module's own opinion comes as
 * a message. */
int ip_queue_request(struct ip_queue *q, int fd, const struct request *r,
		     const void *payload, const uint32_t *mark);

/* Has the kernel answer r, whose header is malformed, with EINVAL (REFUSAL_IS_EINVAL) or
 * ECOMM (REFUSAL_IS_ECOMM), whoever owns the queue and whatever the capabilities of the
 * program are. Returns 0, or -1 and errno. */
int ip_queue_refuse(struct ip_queue *q, int fd, const struct request *r,
		    enum refusal refusal);

/* Whether a message is there for sure, without looking into the socket. */
bool ip_queue_holds_message(const struct ip_queue *q);

/* Puts the next message, or as much as len bytes hold, into buf. flags as for
 * recv: MSG_DONTWAIT, MSG_PEEK. Returns the length of the whole message, or -1 and
 * errno: ECANCELED if the program has asked the read to end. */
ssize_t ip_queue_receive(struct ip_queue *q, int fd, void *buf, size_t len,
			 int flags);

/* What follows if n, which ip_queue_receive has returned, is more than len: the packet
 * is decided on, if settings have it so, and the next message is received in its place.
 * Else returns n. */
ssize_t ip_queue_pass_over(struct ip_queue *q, int fd, void *buf, size_t len, int flags,
			   ssize_t n);

#endif
