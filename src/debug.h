/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What LIBIPQ_DEBUG=1 tells a person on stderr: what happened, to which queue,
 * and what to do. One line each. */
#ifndef IPQ_DEBUG_H
#define IPQ_DEBUG_H

#include <stdint.h>

void debug_absent(void);
void debug_taken(uint16_t queue, uint8_t family);
void debug_forbidden(uint16_t queue);
/* in bytes, as SO_RCVBUF counts */
void debug_rcvbuf(uint16_t queue, int wanted, int got);

#endif
