/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seccomp filter of a supervised program. It decides which system calls the kernel
 * hands over to the supervisor. Knows nothing of how they are carried out. */
#ifndef SUPERVISE_FILTER_H
#define SUPERVISE_FILTER_H

#include "call.h"

/* Installs the filter for the calling thread and all threads and processes that it
 * creates later. It hands over calls with a file name only if names is set. Returns the
 * listener, a close-on-exec descriptor by which the system calls are handed over
 * (seccomp_unotify(2)), or -1 and errno: EINVAL if the kernel does not support it, EBUSY
 * if there is a listener already, ENOSYS if the architecture is not known here, or an
 * error of seccomp(2). */
int filter_install(const struct window *w, bool names);

#endif
