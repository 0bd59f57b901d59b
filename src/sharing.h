/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queue numbers that both families of a program share: a mover (mover.h) gets them, and each
 * handle has a private number. Knows nothing of how a handle claims a number, nor of
 * messages to the program. */
#ifndef IPQ_SHARING_H
#define IPQ_SHARING_H

#include <stdbool.h>
#include <stdint.h>

#include "peers.h"

/* Returns the handle of the program's other family that owns numbers of p, NULL if there is
 * none. */
struct peer *sharing_find(const struct peer *p);

/* Finds a free private number for p. */
bool sharing_find_private(const struct peer *p, uint16_t *queue);

/* If the program has opened a handle of the other family for the numbers of p, which are
 * free, a mover owns them from the beginning. Returns whether it does. */
bool sharing_begin(const struct peer *p);

/* Call when p has claimed a private number because a mover has its numbers. That one may be
 * about to end: when it looked for handles there were none, as their program was killed, and
 * p had not claimed anything yet. Then it ends now, and another is started. Otherwise it
 * answers, and knows of p. */
void sharing_keep(const struct peer *p);

/* Gives the numbers that the socket of p owns to a mover. Packets of p's family that wait
 * for a verdict stay with p. Returns false, and changes nothing, if that is not
 * possible. */
bool sharing_give_up(struct peer *p, int fd);

/* Call when the program has requested a mode. Applies the mode to all numbers of p except
 * the one that its packets arrive by, and starts the mover again if it was killed. */
void sharing_set_mode(struct peer *p, int fd);

/* Call when a mover may have ended because its program has executed this one (execve(2)),
 * in which p is a new handle. Starts another for the handle of the other family. */
void sharing_recover(const struct peer *p);

/* Call when the socket of p was closed. */
void sharing_end(struct peer *p);

#endif
