/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the explanations of LIBIPQ_DEBUG=1 on stderr. Each is one line, which says what
 * happened, to which queue, and what to do. The caller checks the setting. */
#ifndef IPQ_DEBUG_H
#define IPQ_DEBUG_H

#include <stdint.h>

void debug_absent(void);
void debug_taken(uint16_t queue, uint8_t family);
void debug_forbidden(uint16_t queue);
/* The queue numbers from first to last must all be free, or all be owned by the program's
 * handle of the other family. "other" differs from first in this. */
void debug_mixed(uint16_t first, uint16_t last, uint16_t other);
/* Packets of the family arrive at a queue, but the program has no handle for them. */
void debug_foreign(uint16_t queue, uint8_t family);
/* The program has written a request of ip_queue's protocol to the descriptor itself. */
void debug_own_request(uint16_t queue);
/* The sizes are in bytes, as set with SO_RCVBUF. */
void debug_rcvbuf(uint16_t queue, int wanted, int got);

/* The file in LIBIPQ_TRACE cannot be opened; error is the errno. This is printed without
 * LIBIPQ_DEBUG as well. */
void debug_untraced(int error);

#endif
