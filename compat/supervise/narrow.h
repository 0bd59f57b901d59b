/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ip_queue's messages in the form of 32-bit programs, whose long and size_t have 32 bits,
 * for a 64-bit ipq-run. Pure functions: no I/O, no state. */
#ifndef SUPERVISE_NARROW_H
#define SUPERVISE_NARROW_H

#include <stddef.h>
#include <stdint.h>

#include "translate.h"

/* The size of a request without payload in this form, and by how much the message of a
 * packet is shorter in it, in bytes. */
#define NARROW_REQUEST (sizeof(struct nlmsghdr) + 3 * sizeof(uint32_t))
#define NARROW_LESS 24

/* Changes a request in this form, as wire_read has read it, to our form. */
void narrow_widen(struct request *r);

/* Copies a message of n bytes, and changes the copy to this form. Returns by how many
 * bytes the copy is shorter. */
size_t narrow_copy(void *to, const void *message, size_t n);

#endif
