/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ip_queue module as one program saw it: it accepts requests and returns messages of
 * ip_queue's protocol. Knows what ip_queue did, and nothing of its callers. */
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
	struct peer *peer;		/* what forked processes share */
	struct batch *batch;		/* NULL if LIBIPQ_BATCH is 1 */
	struct trace *trace;		/* NULL without LIBIPQ_TRACE */
	struct links links;
	/* how many timed reads do not look for a message before they wait: left, all */
	atomic_uint skip, patience;
};

/* Reads the settings and opens a socket of this type (SOCK_RAW, …). Does not claim a
 * queue number yet. Returns the descriptor, or -1 and errno: EINVAL if a setting is
 * invalid (with a line on stderr), EADDRINUSE if the process has another socket of the
 * same family and queue number and "again" is not set, EMFILE if there are too many
 * sockets, EPROTONOSUPPORT if the kernel lacks nfnetlink_queue, or an error of
 * socket(2). */
int ip_queue_open(struct ip_queue *q, uint8_t family, int type, bool again);

/* Does the same for a socket that was opened by another process, or by this process
 * before it executed this program (execve(2)). The port ID of the socket tells its
 * family. Returns 0, or -1 and errno: EINVAL also if the port ID is not one of ours. */
int ip_queue_adopt(struct ip_queue *q, int fd, uint32_t port_id);

/* Changes the settings, which is possible before the first request only. Returns 0, or an
 * error, after which all settings are as before: EBUSY after the first request,
 * EADDRINUSE if the process has another socket of the same family and queue number,
 * ENOMEM or EMFILE if there is no room for a batch. */
int ip_queue_set(struct ip_queue *q, const struct settings *s);

/* Closes fd, which may be one of several descriptors of the socket. Returns as
 * close(2). */
int ip_queue_close(struct ip_queue *q, int fd);

/* Call when the last descriptor of the socket was closed. */
void ip_queue_end_trace(struct ip_queue *q);

/* Sends the verdicts that are held (LIBIPQ_BATCH). Call before a descriptor of the socket
 * is closed other than by ip_queue_close. */
void ip_queue_flush(struct ip_queue *q, int fd);

/* Carries out the request r. payload has r->nlh.nlmsg_len - sizeof(*r) bytes, and may be
 * NULL. If mark is not NULL, the packet gets this mark with the verdict. Returns 0, or -1
 * and errno if nothing could be sent. If ip_queue would have refused the request, the
 * program receives a message with the error. */
int ip_queue_request(struct ip_queue *q, int fd, const struct request *r,
		     const void *payload, const uint32_t *mark);

/* Has the kernel answer r, whose header is malformed, with EINVAL (REFUSAL_IS_EINVAL) or
 * ECOMM (REFUSAL_IS_ECOMM), whoever owns the queue and whatever the capabilities of the
 * program are. Returns 0, or -1 and errno. */
int ip_queue_refuse(struct ip_queue *q, int fd, const struct request *r,
		    enum refusal refusal);

/* Whether there certainly is a message to receive. Makes no system call to find out. */
bool ip_queue_holds_message(const struct ip_queue *q);

/* ip_queue_receive without and with batches, a trace, or reads that must end. */
ssize_t ip_queue_receive_simply(struct ip_queue *q, int fd, void *buf, size_t len,
				int flags);
ssize_t ip_queue_receive_with_settings(struct ip_queue *q, int fd, void *buf, size_t len,
				       int flags);

/* Receives the next message into buf, len bytes of it at most. flags are those of
 * recv(2): MSG_DONTWAIT, MSG_PEEK. Returns the length of the whole message, or -1 and
 * errno: ECANCELED if the program has ended the read (IPQ_CTL_END_READS). */
static inline ssize_t ip_queue_receive(struct ip_queue *q, int fd, void *buf, size_t len,
				       int flags)
{
	if (q->batch || q->trace ||
	    atomic_load_explicit(&q->peer->ends_due, memory_order_relaxed))
		return ip_queue_receive_with_settings(q, fd, buf, len, flags);
	return ip_queue_receive_simply(q, fd, buf, len, flags);
}

/* Call with n as ip_queue_receive has returned it. If n is more than len and the setting
 * LIBIPQ_TRUNCATED decides on the packet, sends that verdict and receives the next
 * message instead. Otherwise returns n. */
ssize_t ip_queue_pass_over(struct ip_queue *q, int fd, void *buf, size_t len, int flags,
			   ssize_t n);

#endif
