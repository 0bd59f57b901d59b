/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which process has a netlink socket, as far as /proc shows it. Knows nothing of
 * queues. */
#ifndef IPQ_HOLDER_H
#define IPQ_HOLDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A process that has the NETLINK_NETFILTER socket with this port id in the calling thread's
 * network namespace. If several have it, the one whose process id is part of the port id
 * (port_id.h). Returns 0 if none can be seen: the process is in a PID namespace that is
 * neither ours nor below it, or its descriptors may not be looked at (proc(5)). */
pid_t holder_of(uint32_t port_id);

/* The name of the process, with unprintable characters replaced; "" if it has none that
 * can be read. */
void holder_name(pid_t process, char *name, size_t size);

/* "process 12 (filter)", or that it cannot be seen. */
void holder_describe(pid_t process, char *text, size_t size);

#endif
