/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends reads at the program's request (IPQ_CTL_END_READS). All functions may be called in
 * a signal handler. */
#ifndef IPQ_ENDS_H
#define IPQ_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "peers.h"

/* The number of the mark that ends a read. A batch never uses it for its own marks. */
#define ENDS_MARK UINT32_MAX

/* Ends this number of reads of the socket of p, whose descriptor is fd: reads that wait
 * now, or the next ones. Returns 0, or an errno. */
int ends_ask(struct peer *p, int fd, unsigned int reads);

/* Call when a read has received a mark. Returns whether the read must end. */
bool ends_marked(struct peer *p);

/* Call when this number of marks was received together with other messages, which must be
 * read before a read ends. One mark is for the calling thread; the others go back into the
 * socket, as other threads may wait for them there. */
void ends_note_marks(struct peer *p, int fd, unsigned int count);

/* Call when a read has found no message. Returns whether it must end because of such a
 * mark, or because of one for which the receive buffer had no room. */
bool ends_due(struct peer *p);

#endif
