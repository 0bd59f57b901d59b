/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Duplicates of supervised programs' descriptors by which messages were received or sent.
 * They are kept for the next calls, which are usually on the same descriptors. Knows
 * nothing of system calls, nor of when threads end. */
#include <unistd.h>

#include "duplicate.h"
#include "netlink.h"

/* The most that are kept: a program may have a socket for each family, and a thread for
 * each of them. */
#define KEPT_MAX 8

static struct {
	pid_t thread;			/* 0: unused */
	int at, fd;
	struct ipq_socket *socket;
} kept[KEPT_MAX];

static unsigned int next;		/* to be replaced if all are used */

static void close_kept(int i)
{
	ip_queue_flush(&kept[i].socket->queue, kept[i].fd);
	close(kept[i].fd);
	kept[i].thread = 0;
}

int duplicate_take(pid_t thread, int at, struct ipq_socket **socket)
{
	for (int i = 0; i < KEPT_MAX; i++)
		if (kept[i].thread == thread && kept[i].at == at) {
			kept[i].thread = 0;
			*socket = kept[i].socket;
			return kept[i].fd;
		}
	return -1;
}

void duplicate_keep(pid_t thread, int at, int fd, struct ipq_socket *socket)
{
	int i = 0;

	while (i < KEPT_MAX && kept[i].thread)
		i++;
	if (i == KEPT_MAX) {
		i = next++ % KEPT_MAX;
		close_kept(i);
	}
	kept[i].thread = thread;
	kept[i].at = at;
	kept[i].fd = fd;
	kept[i].socket = socket;
}

void duplicate_drop(void)
{
	for (int i = 0; i < KEPT_MAX; i++)
		if (kept[i].thread)
			close_kept(i);
}

void duplicate_flush(void)
{
	for (int i = 0; i < KEPT_MAX; i++)
		if (kept[i].thread)
			ip_queue_flush(&kept[i].socket->queue, kept[i].fd);
}
