/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the processes that move packets if both families have one queue number. */
#ifndef SUPPORT_MOVERS_H
#define SUPPORT_MOVERS_H

#include <stdbool.h>
#include <sys/types.h>

#define MOVERS_MAX 16

/* Finds the movers in this network namespace, which belong to this test, and returns their
 * number. They are normally in the order of their start: the first owns the queue number,
 * the second is its child and moves. On failure, ends the test. */
int movers_find(pid_t found[MOVERS_MAX]);

/* Returns the state of one of them, as in proc(5); '\0' if it has ended. */
char mover_state(pid_t pid);

/* Whether each of them waits, of those for one queue number. One that moves a packet does
 * not: when the packet has left the queue number, it is not at once in the private one
 * (nfqnl_recv_verdict). */
bool movers_sleep(void);

#endif
