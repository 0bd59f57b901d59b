/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What LIBIPQ_DEBUG=1 tells a person on stderr: what happened, to which queue,
 * and what to do. One line each. */
#ifndef IPQ_DEBUG_H
#define IPQ_DEBUG_H

#include <stdint.h>

void debug_absent(void);
void debug_taken(uint16_t queue, uint8_t family);
void debug_forbidden(uint16_t queue);
/* Of the numbers from first to last, other has not what first has. */
void debug_mixed(uint16_t first, uint16_t last, uint16_t other);
/* Packets of the family come to a queue where nobody takes them. */
void debug_foreign(uint16_t queue, uint8_t family);
/* The program sends ip_queue's requests itself. */
void debug_own_request(uint16_t queue);
/* in bytes, as SO_RCVBUF counts */
void debug_rcvbuf(uint16_t queue, int wanted, int got);

/* LIBIPQ_TRACE names what cannot be opened, with that errno. Not only for debugging. */
void debug_untraced(int error);

#endif
