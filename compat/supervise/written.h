/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notices when supervised programs have written the sysctl ip_queue_maxlen or
 * ip6_queue_maxlen. */
#ifndef SUPERVISE_WRITTEN_H
#define SUPERVISE_WRITTEN_H

#include "files.h"

/* Returns a descriptor that is readable when written_take must be called, or -1. */
int written_begin(void);

/* Call when fd, a file of this network namespace, was opened for writing by the
 * program. */
void written_watch(int fd, enum module_file file);

/* written_take applies what was written to files that have been closed since.
 * written_look applies what was written to any file, and must be called before one may be
 * closed. */
void written_take(void);
void written_look(void);

#endif
