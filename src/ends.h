/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads that the program has asked to end. */
#ifndef IPQ_ENDS_H
#define IPQ_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "peers.h"

/* The mark that ends a read; no number of a batch's. */
#define ENDS_MARK UINT32_MAX

/* So many reads of p's socket, here fd, shall end: those that wait, or the next ones.
 * Returns 0, or an errno. */
int ends_ask(struct peer *p, int fd, unsigned int reads);

/* A mark was taken out of the socket by a read: whether it is to end. */
bool ends_marked(struct peer *p);

/* One was taken out beside other messages, which come first. */
void ends_note_mark(struct peer *p);

/* Whether a read that has found nothing is to end for such a mark, or for one that
 * there was no room for. */
bool ends_due(struct peer *p);

#endif
