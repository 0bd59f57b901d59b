/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP packets with a number in each, sent over lo through queue 0: which come to the
 * program, and which arrive. Whatever fails here ends the test with the reason. */
#ifndef SUPPORT_NUMBERS_H
#define SUPPORT_NUMBERS_H

#include <stdbool.h>

#include "queue.h"

#define NUMBERS_MAX 32768

/* A network of the test's own, in which they are queued as they leave. */
void numbers_network(void);

/* Sends count packets, from number first on. They wait in the queue when this returns,
 * unless it or the socket is full. */
void numbers_send(int first, int count);

/* The number in a packet. */
int number_of(const ipq_packet_msg_t *p);

/* Waits until so many packets in all have arrived, and looks for more; how often each
 * number has. Not more than some 500 at a time fit the socket where they arrive. */
const unsigned char *numbers_arrived(int count);

/* How many have so far; also another thread than the one that waits may ask. */
int numbers_so_far(void);

/* The numbers of those, in the order in which they have. */
const int *numbers_order(void);

/* Begins to count anew. */
void numbers_forget(void);

/* How many packets the kernel has, in all queues, that wait for a verdict; -1 if there is
 * no queue. */
int numbers_waiting(void);

/* What the program does with a packet. LEAVE: nothing, for now. */
enum plan { LEAVE, ACCEPT, DROP };

/* One it has read. */
struct got {
	ipq_id_t id;
	int number;
};

/* One of the packets read by this, as it came. */
const unsigned char *numbers_model(void);

/* Reads count packets, which must be there, and does with each at once as the plan
 * says, fast enough for verdicts to be held. */
void numbers_decide(struct ipq_handle *h, int count, const unsigned char *plan,
		    struct got *got);

/* Gives the verdict of the plan. */
void numbers_verdict(struct ipq_handle *h, ipq_id_t id, enum plan plan);

/* Those accepted so far arrive, nothing else has; of these count as many wait as are
 * left, and none was refused. */
void numbers_expect(struct ipq_handle *h, int count, const unsigned char *plan,
		    const struct got *got);

/* The same, and those left are let go and arrive. Then it begins to count anew. */
void numbers_release(struct ipq_handle *h, int count, unsigned char *plan,
		     const struct got *got);

/* That no message is there. */
bool numbers_silent(struct ipq_handle *h);

#endif
