/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads from /proc about the calling thread's network namespace. Knows nothing of
 * sockets. */
#ifndef IPQ_PROC_NET_H
#define IPQ_PROC_NET_H

#include <stdint.h>
#include <stdio.h>

/* Opens the file of this name in the thread's /proc/net. Returns NULL and errno on
 * failure. */
FILE *proc_net_open(const char *name);

/* Returns a number that no other existing network namespace has, or 0 before Linux 3.8,
 * where it cannot be found out. */
uint64_t proc_net_number(void);

#endif
