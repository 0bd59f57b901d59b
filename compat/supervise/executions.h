/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of ip_queue's time that supervised programs execute. */
#ifndef SUPERVISE_EXECUTIONS_H
#define SUPERVISE_EXECUTIONS_H

#include <stdbool.h>

#include "call.h"

/* Keeps what our own environment says of them. */
void executions_begin(void);

/* Whether the thread's program is the one that is run in the place of commands. */
bool executions_is_wrapper(pid_t thread);

/* If the thread is about to execute such a command: has it call again, and execute what
 * is run in its place. False: what it executes is the kernel's to find. */
bool executions_redirect(const struct call *c);

#endif
