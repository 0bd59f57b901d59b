/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether memory that a program names is there, so that a bad address is an
 * error for it, as with system calls. Knows nothing of what is in it. */
#ifndef COMPAT_MEMORY_H
#define COMPAT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Whether len bytes can be read. Costs a system call only where the page was not
 * seen lately; one that was is taken to be there still. */
bool memory_is_there(const void *start, size_t len);

#endif
