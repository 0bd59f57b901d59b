/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Executes the wrappers in place of iptables, modprobe and similar commands that
 * supervised programs execute. */
#ifndef SUPERVISE_EXECUTIONS_H
#define SUPERVISE_EXECUTIONS_H

#include <stdbool.h>

#include "call.h"

/* Reads from our own environment where the wrappers are. */
void executions_begin(void);

/* Whether the thread runs a wrapper. */
bool executions_is_wrapper(pid_t thread);

/* If the thread is about to execute such a command, makes it execute the wrapper instead,
 * by another system call, and returns true. If not, returns false, and the kernel must
 * carry out the call. */
bool executions_redirect(const struct call *c);

#endif
