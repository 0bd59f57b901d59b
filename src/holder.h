/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the process that has a netlink socket open, as far as /proc shows it. Knows
 * nothing of queues. */
#ifndef IPQ_HOLDER_H
#define IPQ_HOLDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Returns a process that has the NETLINK_NETFILTER socket with this port ID open, in the
 * calling thread's network namespace. If several have it, this is the one whose process
 * id is part of the port ID (port_id.h). Returns 0 if none can be seen: the process is in
 * a PID namespace that is neither ours nor below it, or we may not look at its
 * descriptors (proc(5)). */
pid_t holder_of(uint32_t port_id);

/* Gets the name of the process, with unprintable characters replaced, or "" if it cannot
 * be read. */
void holder_name(pid_t process, char *name, size_t size);

/* Writes "process 12 (filter)"; for process 0, that the process cannot be seen. */
void holder_describe(pid_t process, char *text, size_t size);

#endif
