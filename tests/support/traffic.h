/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of UDP packets through queue 0 over lo, every one of them counted:
 * where it is sent and where it arrives. Knows nothing of libipq. Whatever fails
 * here ends the test with the reason. */
#ifndef SUPPORT_TRAFFIC_H
#define SUPPORT_TRAFFIC_H

/* Has UDP to port 7 queued as it leaves, and counted and thrown away where it
 * arrives. */
void traffic_watch(void);

/* How many packets have arrived, as soon as it is as many as expected: those let go
 * may take a moment on a loaded machine. */
unsigned long traffic_arrived(unsigned long expected);

/* Sends count packets, each from a socket of its own: what waits is charged to
 * its sender. */
void traffic_send(unsigned int count);

/* Processes that send as fast as they can, whatever becomes of it. */
struct flood;
struct flood *flood_begin(void);

/* How many packets they have sent so far, and when they have stopped. */
unsigned long flood_sent(const struct flood *flood);
unsigned long flood_end(struct flood *flood);

#endif
