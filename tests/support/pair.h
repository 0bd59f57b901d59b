/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IPv4 and an IPv6 handle that mean one queue number, in a program that serves
 * both. Index 0 is IPv4, 1 is IPv6. Whatever fails here ends the test with the
 * reason. */
#ifndef SUPPORT_PAIR_H
#define SUPPORT_PAIR_H

#include "queue.h"

extern struct ipq_handle *pair[2];

/* Where what is let go arrives: UDP port 9. */
extern int pair_heard[2];

int pair_family(int i);

/* A network of the test's own, in which iptables' TARGET ("QUEUE") has what is sent
 * to port 9. */
void pair_network(const char *target);

/* Makes a handle; has it ask for packets. pair_open does both with both handles, in
 * the order given by the first. */
void pair_make(int i);
void pair_start(int i);
void pair_open(int first);
void pair_close(int i);
void pair_close_both(void);

/* Whether queue 0 is one whose packets are moved to private numbers; waits until all in it
 * have been. */
bool pair_is_moved(void);
void pair_settle(void);

/* Sends text to port 9; what is moved has been moved then. */
void pair_say(int i, const char *text);

/* As a program that selects: waits until one is readable and reads it blocking, which
 * must not hang. Returns which. */
int pair_next(union message *m);

/* The next message must be a packet, of the handle whose family it is
 * of; and whether it ends with text. */
ipq_packet_msg_t *pair_any(int *i);
bool pair_says(const ipq_packet_msg_t *p, const char *text);

/* The next packet must be one of i that ends with text. The
 * pointer is good until the next. */
ipq_packet_msg_t *pair_packet(int i, const char *text);

/* The same, and it is let go and arrives. */
void pair_expect(int i, const char *text);

/* Says text, and expects it. */
void pair_pass(int i, const char *text);

/* No message is there. What is sent over lo is queued when sendto returns, so this waits
 * for next to nothing. */
bool pair_silent(void);

/* The number by which i's packets come that are moved to it, 0 if it has no such. */
unsigned int pair_private(int i);

/* For process_do: reads a packet of handle i and accepts it. Whether that went well. */
long pair_accept(long i);

#endif
