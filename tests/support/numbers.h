/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP packets with a number in each, sent over lo through queue 0, to find out which of
 * them the program gets and which arrive. On failure, ends the test and says why. */
#ifndef SUPPORT_NUMBERS_H
#define SUPPORT_NUMBERS_H

#include <stdbool.h>

#include "queue.h"

#define NUMBERS_MAX 32768

/* Makes a network for the test, in which these packets are queued when they are sent. */
void numbers_network(void);

/* Sends count packets, numbered from first on. When it returns they are in the queue,
 * unless the queue or the socket is full. */
void numbers_send(int first, int count);

/* Returns the number in a packet. */
int number_of(const ipq_packet_msg_t *p);

/* Waits until count packets in all have arrived, and checks that no more have. Returns
 * for each number how often it arrived. The receiving socket has room for about 500
 * packets at a time. */
const unsigned char *numbers_arrived(int count);

/* Returns how many have arrived so far. May be called by another thread than the
 * one that waits. */
int numbers_so_far(void);

/* Returns the numbers in the order of arrival. */
const int *numbers_order(void);

/* Forgets which packets have arrived. */
void numbers_forget(void);

/* Returns how many packets wait for a verdict in all queues of the kernel; -1 if
 * there is no queue. */
int numbers_waiting(void);

/* What the program does with a packet. LEAVE: no verdict, for the present. */
enum plan { LEAVE, ACCEPT, DROP };

/* A packet that was read. */
struct got {
	ipq_id_t id;
	int number;
};

/* Returns the payload of a packet read by numbers_decide. */
const unsigned char *numbers_model(void);

/* Reads count packets, which must be there, and gives each the verdict of the plan at
 * once: that is fast enough for batches to hold verdicts back. */
void numbers_decide(struct ipq_handle *h, int count, const unsigned char *plan,
		    struct got *got);

/* Gives the verdict of the plan. */
void numbers_verdict(struct ipq_handle *h, ipq_id_t id, enum plan plan);

/* The packets accepted by the plan must arrive, and no others have. Those left must wait
 * in the queue, and no verdict may have been refused. */
void numbers_expect(struct ipq_handle *h, int count, const unsigned char *plan,
		    const struct got *got);

/* The same, and then accepts those left, which must arrive. Forgets what has arrived. */
void numbers_release(struct ipq_handle *h, int count, unsigned char *plan,
		     const struct got *got);

/* Whether there is no message. */
bool numbers_silent(struct ipq_handle *h);

#endif
