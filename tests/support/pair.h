/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IPv4 and an IPv6 handle with the same queue number, in one program. Index 0 is IPv4,
 * 1 is IPv6. On failure, ends the test and says why. */
#ifndef SUPPORT_PAIR_H
#define SUPPORT_PAIR_H

#include "queue.h"

extern struct ipq_handle *pair[2];

/* The sockets that accepted packets arrive at: UDP port 9. */
extern int pair_heard[2];

int pair_family(int i);

/* Makes a network for the test, in which packets to port 9 are queued by the iptables
 * target ("QUEUE"). */
void pair_network(const char *target);

/* Create a handle, and set its mode. pair_open does both for both handles,
 * beginning with "first". */
void pair_make(int i);
void pair_start(int i);
void pair_open(int first);
void pair_close(int i);
void pair_close_both(void);

/* Whether packets of queue 0 are moved to private queue numbers. pair_settle waits until
 * all in it have been moved. */
bool pair_is_moved(void);
void pair_settle(void);

/* Sends text to port 9, and waits until it has been moved, if it is to be. */
void pair_say(int i, const char *text);

/* Does what a program with select(2) does: waits until a handle is readable, and reads a
 * message from it blocking, which must not hang. Returns the index of the handle. */
int pair_next(union message *m);

/* The next message must be a packet of the handle's family. pair_says: whether it
 * ends with text. */
ipq_packet_msg_t *pair_any(int *i);
bool pair_says(const ipq_packet_msg_t *p, const char *text);

/* The next packet must be one of handle i that ends with text. The pointer is valid
 * until the next call. */
ipq_packet_msg_t *pair_packet(int i, const char *text);

/* The same, and accepts it; it must arrive. */
void pair_expect(int i, const char *text);

/* pair_say, then pair_expect. */
void pair_pass(int i, const char *text);

/* Whether there is no message. A packet over lo is queued when sendto returns, so
 * this hardly waits. */
bool pair_silent(void);

/* Returns the private queue number of handle i, by which packets are moved to it; 0
 * if there is none. */
unsigned int pair_private(int i);

/* For process_do: reads a packet of handle i and accepts it. Returns whether
 * that succeeded. */
long pair_accept(long i);

#endif
