/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the kernel's queues, and the processes that own them, from /proc. Knows
 * nothing of rules. */
#ifndef IPQCTL_PROC_H
#define IPQCTL_PROC_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "queue-line.h"

#define QUEUE_LIST "/proc/net/netfilter/nfnetlink_queue"

/* Reads fd to its end. Returns the text, to be freed; or NULL and errno, which is EFBIG
 * if there are more than max bytes. */
char *read_all(int fd, size_t max, size_t *len);

struct queues {
	struct queue *list;
	size_t count;
};

/* Reads the queues of this network namespace. Returns false and errno on failure. */
bool queues_read(struct queues *queues);

struct remedy {
	const char *mend, *command;	/* either may be NULL */
};

/* Returns what helps if queues_read failed with that errno. Leaves errno alone. */
struct remedy queues_remedy(int error);

/* The process that has the socket of a queue open. */
struct owner {
	pid_t pid;		/* 0 if it cannot be seen */
	char name[32];		/* of the process, printable; "" if it cannot be seen */
	/* Family of the libipq handle: AF_INET or AF_INET6; AF_UNSPEC if it
	 * is not libipq's. */
	uint8_t family;
	/* LIBIPQ_MAXLEN of the process: the packets that may wait in its queue. */
	uint32_t maxlen;
	bool untold;		/* its environment can be read and has no LIBIPQ_QUEUE */
};

void owner_find(uint32_t port_id, struct owner *owner);

/* Returns a LIBIPQ_ setting of this process's environment, as NAME=VALUE, that the owner
 * was not started with; NULL if there is none or it cannot be seen. */
const char *owner_lacks(const struct owner *owner);

#endif
