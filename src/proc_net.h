/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc tells of the calling thread's network namespace. Knows nothing of
 * sockets. */
#ifndef IPQ_PROC_NET_H
#define IPQ_PROC_NET_H

#include <stdint.h>
#include <stdio.h>

/* Opens the file of that name in /proc/net, as the thread has it. NULL and errno if it
 * is not there or not to be had. */
FILE *proc_net_open(const char *name);

/* Some number, the same for no other namespace there is; 0 before Linux 3.8, where
 * nothing tells. */
uint64_t proc_net_number(void);

#endif
