/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queues and the processes that hold them, from /proc. Knows nothing of rules. */
#ifndef IPQCTL_PROC_H
#define IPQCTL_PROC_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "queue-line.h"

#define QUEUE_LIST "/proc/net/netfilter/nfnetlink_queue"

/* All that fd gives, max bytes at most; the rest is left. NULL and errno (EFBIG
 * if there is more). To be freed. */
char *read_all(int fd, size_t max, size_t *len);

struct queues {
	struct queue *list;
	size_t count;
};

/* Those of this network namespace. False and errno if they cannot be read. */
bool queues_read(struct queues *queues);

struct remedy {
	const char *mend, *command;	/* either may be NULL */
};

/* What helps if they cannot be read, with that errno. errno is left alone. */
struct remedy queues_remedy(int error);

/* The process that has a queue's socket. */
struct owner {
	pid_t pid;		/* 0 if it cannot be seen */
	char name[32];		/* of the process, fit to be shown; "" likewise */
	uint8_t family;		/* of a handle of libipq, AF_INET or AF_INET6 */
	uint32_t maxlen;	/* packets that may wait in its queue, if ours */
	bool untold;		/* it was started without LIBIPQ_QUEUE, for sure */
};

void owner_find(uint32_t port_id, struct owner *owner);

/* The first LIBIPQ_ setting of this process that the process was not started with, as
 * NAME=VALUE; NULL if there is none or it cannot be seen. */
const char *owner_lacks(const struct owner *owner);

#endif
