/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that holds queue numbers which the two families of a program share, and
 * moves each packet to the number that the handle of its family has for itself. Knows
 * the handles (peers.h), and nothing of messages to the program. */
#ifndef IPQ_MOVER_H
#define IPQ_MOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "peers.h"

/* A socket for one, to which numbers are bound, with metadata alone: to be moved a packet
 * needs no payload. Returns the descriptor, or -1 and errno. */
int mover_open(void);

/* Starts it for the numbers p means. It has a copy of the socket. */
bool mover_start(const struct peer *p, int fd);

/* Has the mover whose first number it is, whoever started it, look whether anybody has still
 * a handle that it moves packets to, and end if nobody has. Returns when it has. */
void mover_knock(uint16_t queue);

#endif
