/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program's sockets had before the program was executed (execve(2)): the list of
 * handles is lost then, and the kernel still knows. Knows nothing of movers. */
#ifndef IPQ_INHERITED_H
#define IPQ_INHERITED_H

#include <stdbool.h>

#include "peers.h"

/* Whether the socket of p, which is fd, had a private number. If so, packets arrive by that
 * one from now on. */
bool inherited_recall(struct peer *p, int fd);

/* Finds a handle of the other family that has no claim here, but whose socket has this port
 * ID, is open in this process, and had bound the queue number of p or a private one. Enters
 * it as owner. Returns NULL if there is none, if p has several numbers, or if the process
 * that opened it still runs and is another. */
struct peer *inherited_find(const struct peer *p, uint32_t port_id);

#endif
