/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door of a mover: a listening socket by which other processes find the mover that
 * has a queue number, and learn that it has ended. Its address is in the abstract
 * namespace (unix(7)); like queue numbers, it is separate in each network namespace. Knows
 * nothing of packets or handles. */
#ifndef IPQ_DOOR_H
#define IPQ_DOOR_H

#include <stdint.h>
#include <sys/types.h>

/* Makes the door of a mover whose first queue number this is. Returns the descriptor, or
 * -1. Nobody can knock before door_open, which the mover calls itself. */
int door_make(uint16_t queue);
void door_open(int door);

/* Looks who has knocked. Returns the connection, or -1. */
int door_accept(int door, pid_t *process);

/* Tells a process that has knocked that the mover goes on. If the mover ends instead, the
 * process learns it when the connection is closed. */
void door_go_on(int connection);

/* Knocks at the door of the mover whose first queue number this is, whoever started it:
 * it looks whether any process still has a handle that it moves packets to, and exits if
 * none has. Returns when it has answered or exited. */
void door_knock(uint16_t queue);

#endif
