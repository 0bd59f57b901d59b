/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one message of the kernel is received and written into the program's buffer. */
#ifndef IPQ_RECEIVE_H
#define IPQ_RECEIVE_H

#include "ip_queue.h"
#include "nfqueue.h"

/* Receives the next message into buf, len bytes of it at most, and writes nothing after
 * it. flags are those of recv(2): MSG_DONTWAIT, MSG_PEEK. Returns the length of the
 * message, 0 if it was not for the program, or -1 and errno: EFAULT if buf cannot be
 * accessed, as recv(2). read_at is 0, or the time (clock_ns) of a read that the batch does
 * not know of. */
ssize_t receive_singly(struct ip_queue *q, int fd, void *buf, size_t len, int flags,
		       uint64_t read_at);

/* The two halves of receive_singly, for a message that has already been received.
 * receive_is_for_program returns whether the message is for the program, and deals with it if
 * not; receive_write writes it to buf. In between, the caller writes the names of the
 * interfaces to a packet. */
bool receive_is_for_program(struct ip_queue *q, int fd, struct message *m);
ssize_t receive_write(struct ip_queue *q, int fd, const struct message *m,
		      const struct nfqueue_datagram *d, void *buf, size_t len, int flags);

/* Call when a message that was not for the program was received. */
void receive_give_up_if_foreign(struct ip_queue *q, int fd);

/* Call before a verdict with more payload than RECEIVE_ECHO_MAX is sent. If the kernel
 * refuses it, the answer echoes the payload, at a greater offset than in a packet. */
#define RECEIVE_ECHO_MAX (NFQUEUE_HEAD_MAX - 128)
void receive_expect_echo(struct peer *p);

#endif
