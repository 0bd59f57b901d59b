/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls with a file's name, if it is one of the module's files. */
#ifndef SUPERVISE_NAMES_H
#define SUPERVISE_NAMES_H

#include "calls.h"

/* As calls_carry_out, for the thread that is served. Any other file is the kernel's. */
int64_t names_carry_out(const struct call *c, const struct window *w, struct attempt *a);

#endif
