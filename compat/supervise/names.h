/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out system calls with a file name, if it is one of the module's files. */
#ifndef SUPERVISE_NAMES_H
#define SUPERVISE_NAMES_H

#include "calls.h"

/* Like calls_carry_out, for the thread of served_begin. Returns CALL_CONTINUES for any
 * other file. */
int64_t names_carry_out(const struct call *c, const struct window *w, struct attempt *a);

#endif
