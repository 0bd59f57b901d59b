/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What supervised programs write of how many packets may wait. */
#ifndef SUPERVISE_WRITTEN_H
#define SUPERVISE_WRITTEN_H

#include "files.h"

/* Returns a descriptor that is readable when there is something to take, or -1. */
int written_begin(void);

/* fd, of this network namespace, is open for writing; the program will have it. */
void written_watch(int fd, enum module_file file);

/* Tells the queues what has been written, by files that are closed since; or by any, as
 * one may be closed now. */
void written_take(void);
void written_look(void);

#endif
