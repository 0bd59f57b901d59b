/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the C library that fail when told to. A program made with this has
 * them instead of the real ones, in its libraries too. */
#ifndef FAULTS_INJECT_H
#define FAULTS_INJECT_H

#include <stdbool.h>

/* From now on counts the calls to them that this thread makes, and has the nth, from
 * 1, fail with error. n 0 has none fail. */
void inject_begin(unsigned int n, int error);

/* Ends that. Returns the name of the function that failed, NULL if there were fewer
 * calls. */
const char *inject_end(void);

/* Pieces of memory allocated and not freed since inject_begin, by this thread. */
long inject_kept(void);

#endif
