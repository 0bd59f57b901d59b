/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The results of calls that sent something, and that a signal ended before they were
 * answered. The thread usually restarts such a call (signal(7)), and gets this result
 * then, so that nothing is sent twice. Knows nothing of how calls are answered. */
#ifndef SUPERVISE_MISSED_H
#define SUPERVISE_MISSED_H

#include "call.h"

/* Call when the thread has not received the result. c is the call as it was made, and kind
 * what was carried out, which differs for socketcall(2). */
void missed_note(const struct call *c, enum call_kind kind, int64_t result);

/* Call for each call that a thread makes. Returns whether it is the same as its last one,
 * whose result it has missed, and sets the result. */
bool missed_take(const struct call *c, int64_t *result);

#endif
