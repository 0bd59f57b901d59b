/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq and its queue for tests: creates a handle, reads one packet, shows what the
 * kernel has on the queue. On failure, ends the test and says why. */
#ifndef SUPPORT_QUEUE_H
#define SUPPORT_QUEUE_H

#include <netinet/in.h>
#include <libipq.h>
#include <linux/netfilter.h>
#include <stdbool.h>
#include <stdio.h>

/* Microseconds for ipq_read. SOON is long enough for anything that must come, NOTHING for
 * seeing that nothing does. */
#define SOON 10000000
#define NOTHING 100000

/* Creates a handle and sets its mode and copy range. */
struct ipq_handle *queue_open(int family, uint8_t mode, size_t range);

/* Room for the largest message that ipq_read may return. */
union message {
	_Alignas(ipq_packet_msg_t) unsigned char buf[70000];
	struct nlmsghdr nlh;
};

/* Reads a message, which must be a packet. The result points into m. */
ipq_packet_msg_t *queue_packet(struct ipq_handle *h, union message *m);

/* Reads a message, which must be an error. Returns its errno, as a positive number. */
int queue_error(struct ipq_handle *h);

/* Whether there is nothing to read: checks at once, and again with a short timeout. */
bool queue_silent(struct ipq_handle *h);

/* Opens /proc/net/netfilter/nfnetlink_queue. The caller closes it. */
FILE *queue_list(void);

/* A line of that file. */
struct queue_figures {
	unsigned int number, port_id, waiting, mode, range;
	unsigned int dropped_full, dropped_socket, last_id;
};

/* Returns the line of the queue; false if nobody has bound it. */
bool queue_figures(unsigned int number, struct queue_figures *figures);

/* Return values of ipq_set_mode and of ipq_set_verdict without payload. */
#define MODE_SENT (sizeof(long) == 8 ? 56 : 44)
#define VERDICT_SENT (sizeof(long) == 8 ? 40 : 28)

/* Reads a message, which must be, byte for byte, the error message for a request of the
 * type IPQM_* from this process. The request's body has three words (value; range or id;
 * data_len) and len more bytes: those at rest, or zeros if rest is NULL. */
void queue_refusal(struct ipq_handle *h, int error, uint16_t type,
		   const unsigned long body[3], const void *rest, size_t len);

#endif
