/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The duplicate of a supervised program's descriptor by which its last message was
 * received or sent. It is kept for the next call, which is usually on the same
 * descriptor. Knows nothing of system calls, nor of when threads end. */
#include <unistd.h>

#include "duplicate.h"

static struct {
	pid_t thread;			/* 0: none is kept */
	int at, fd;
	struct ipq_socket *socket;
} kept;

int duplicate_take(pid_t thread, int at, struct ipq_socket **socket)
{
	if (!kept.thread)
		return -1;
	if (kept.thread == thread && kept.at == at) {
		kept.thread = 0;
		*socket = kept.socket;
		return kept.fd;
	}
	duplicate_drop();
	return -1;
}

void duplicate_keep(pid_t thread, int at, int fd, struct ipq_socket *socket)
{
	duplicate_drop();
	kept.thread = thread;
	kept.at = at;
	kept.fd = fd;
	kept.socket = socket;
}

void duplicate_drop(void)
{
	if (kept.thread)
		close(kept.fd);
	kept.thread = 0;
}
