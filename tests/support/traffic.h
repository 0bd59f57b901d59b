/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of UDP packets through queue 0 over lo. Counts each packet where it
 * is sent and where it arrives. Knows nothing of libipq. On failure, ends the
 * test and says why. */
#ifndef SUPPORT_TRAFFIC_H
#define SUPPORT_TRAFFIC_H

/* Has UDP packets to port 7 queued when they are sent; where they arrive they are
 * counted and dropped. */
void traffic_watch(void);

/* Returns how many packets have arrived. Waits until it is as many as expected, since
 * accepted packets may take a moment on a loaded machine. */
unsigned long traffic_arrived(unsigned long expected);

/* Sends count packets, each from its own socket: packets in the queue use up the send
 * buffer of their socket. */
void traffic_send(unsigned int count);

/* Starts processes that send as fast as they can, whatever happens to the packets. */
struct flood;
struct flood *flood_begin(void);

/* Return how many packets they have sent so far, or when they have been stopped. */
unsigned long flood_sent(const struct flood *flood);
unsigned long flood_end(struct flood *flood);

#endif
