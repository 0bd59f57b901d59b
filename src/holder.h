/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which process has a netlink socket, as far as /proc shows it. Knows nothing of
 * queues. */
#ifndef IPQ_HOLDER_H
#define IPQ_HOLDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A process that has the NETLINK_NETFILTER socket with the port id in the thread's
 * network namespace; that whose id a port id of ours has in it, if it is one of several.
 * 0 if none can be seen: it is in a PID namespace that is not ours nor within it, or its
 * descriptors are not for us to look at (proc(5)). */
pid_t holder_of(uint32_t port_id);

/* The process's name, fit to be shown; "" if it cannot be found. */
void holder_name(pid_t process, char *name, size_t size);

/* "process 12 (filter)", or that it cannot be seen. */
void holder_describe(pid_t process, char *text, size_t size);

#endif
