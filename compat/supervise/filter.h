/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seccomp filter of a supervised program, which decides what is handed over. Knows
 * nothing of what is done with it. */
#ifndef SUPERVISE_FILTER_H
#define SUPERVISE_FILTER_H

#include "call.h"

/* Installs it in the calling thread, for it and all it will start; it hands over calls with
 * a file's name only if names is set. Returns the
 * descriptor that the calls come by, close-on-exec, or -1 and errno: EINVAL where the
 * kernel has no such thing, EBUSY where a supervisor is there already, ENOSYS on a
 * machine that is not known, or as seccomp(2). */
int filter_install(const struct window *w, bool names);

#endif
