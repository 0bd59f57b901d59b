/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mover: a process that owns the queue numbers which a program's two families share.
 * It gives each packet the verdict NF_QUEUE, with the private number of the handle of its
 * family. Knows the handles (peers.h), and nothing of messages to the program. */
#ifndef IPQ_MOVER_H
#define IPQ_MOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "peers.h"

/* Opens the socket of a mover, to which queue numbers can be bound. It receives metadata
 * only, as moving a packet needs no payload. Returns the descriptor, or -1 and errno. */
int mover_open(void);

/* Starts the process for the queue numbers of p, with a duplicate of the socket fd.
 * Returns false on failure. */
bool mover_start(const struct peer *p, int fd);

#endif
