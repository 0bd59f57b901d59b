/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the kernel about queue numbers: whether they are bound and by which socket, and what
 * waits there. Knows nothing of handles. */
#ifndef IPQ_QUEUES_H
#define IPQ_QUEUES_H

#include <stdbool.h>
#include <stdint.h>

#include "proc_net.h"

enum queue_state {
	QUEUE_FREE,		/* no socket has bound the queue, as far as known */
	QUEUE_TAKEN,		/* another socket has bound it */
	QUEUE_FORBIDDEN,	/* CAP_NET_ADMIN is missing */
	QUEUE_ABSENT,		/* no nfnetlink_queue in this kernel */
};

/* Asks the kernel for the state of a queue number, which loads the module if necessary.
 * Uses a socket of its own: an answer in the program's socket would wake up the
 * program. */
enum queue_state queues_probe(uint16_t queue);

/* A line of /proc/net/netfilter/nfnetlink_queue (seq_show in nfnetlink_queue). */
struct queue_line {
	unsigned int number, port_id;
	unsigned int waiting;		/* packets */
	unsigned int mode, range;	/* NFQNL_COPY_*; copy range in bytes */
	/* packets for which the queue, or the socket's receive buffer, had no room */
	unsigned int dropped_full, dropped_slow;
};

/* Opens the list of all queue numbers that are bound in the calling thread's network
 * namespace, to be closed with proc_file_close. Returns false and errno on failure.
 * queues_next reads the next line of it, and returns false at the end. */
bool queues_open(struct proc_file *list);
bool queues_next(struct proc_file *list, struct queue_line *l);

/* Gets the line of the queue number. Returns false if there is none, or if the list cannot
 * be read. */
bool queues_find(uint16_t queue, struct queue_line *l);

/* Returns how many packets wait in the queue, and the port ID of the socket that has bound
 * its number; 0 if that cannot be found out. */
unsigned int queues_waiting(uint16_t queue);
uint32_t queues_owner(uint16_t queue);

/* Returns the first queue number, not below "lowest", that the socket with this port ID
 * has bound; 0 if there is none, or if it cannot be found out. */
uint16_t queues_number_of(uint32_t port_id, uint16_t lowest);

#endif
