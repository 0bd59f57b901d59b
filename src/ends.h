/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads that end because the program has asked for it (IPQ_CTL_END_READS). */
#ifndef IPQ_ENDS_H
#define IPQ_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "peers.h"

/* The number of the mark that ends a read. A batch never uses it for its own marks. */
#define ENDS_MARK UINT32_MAX

/* Has so many reads of the socket of p, whose descriptor is fd, end: those that wait, or
 * the next ones. Returns 0, or an errno. */
int ends_ask(struct peer *p, int fd, unsigned int reads);

/* A read has received a mark. Returns whether that read is to end. */
bool ends_marked(struct peer *p);

/* A mark was received along with other messages, which are to be read before a read ends. */
void ends_note_mark(struct peer *p);

/* Whether a read that has found no message is to end because of such a mark, or of one
 * for which the receive buffer had no room. */
bool ends_due(struct peer *p);

#endif
