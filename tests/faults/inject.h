/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the C library that fail on request. A program that is linked with inject.c
 * uses them instead of the real ones, and so do its libraries. */
#ifndef FAULTS_INJECT_H
#define FAULTS_INJECT_H

#include <stdbool.h>

/* From now on, counts this thread's calls to these functions, and makes the nth, from 1,
 * fail with error. With n 0, no call fails. */
void inject_begin(unsigned int n, int error);

/* Stops counting. Returns the name of the function that failed, NULL if there
 * were fewer calls. */
const char *inject_end(void);

/* Returns the number of allocations that this thread has made since inject_begin, less
 * those that it has freed. */
long inject_kept(void);

#endif
