/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq and its queue as tests use them: a handle, one packet, the kernel's
 * own figures. Whatever fails here ends the test with the reason. */
#ifndef SUPPORT_QUEUE_H
#define SUPPORT_QUEUE_H

#include <netinet/in.h>
#include <libipq.h>
#include <linux/netfilter.h>
#include <stdbool.h>
#include <stdio.h>

/* Microseconds for ipq_read: long enough for anything bound to come, and for
 * seeing that nothing does. */
#define SOON 10000000
#define NOTHING 100000

/* A handle that has asked for mode and range. */
struct ipq_handle *queue_open(int family, uint8_t mode, size_t range);

/* A message of the size ipq_read may give. */
union message {
	_Alignas(ipq_packet_msg_t) unsigned char buf[70000];
	struct nlmsghdr nlh;
};

/* Reads a message that must be a packet. The pointer is into m. */
ipq_packet_msg_t *queue_packet(struct ipq_handle *h, union message *m);

/* Reads a message that must be an error; its errno, positive. */
int queue_error(struct ipq_handle *h);

/* Whether ipq_read has nothing: looks once, and waits a little. */
bool queue_silent(struct ipq_handle *h);

/* /proc/net/netfilter/nfnetlink_queue, to be closed. */
FILE *queue_list(void);

/* A line of it. */
struct queue_figures {
	unsigned int number, port_id, waiting, mode, range;
	unsigned int dropped_full, dropped_socket, last_id;
};

/* Those of the queue; false if nobody has bound it. */
bool queue_figures(unsigned int number, struct queue_figures *figures);

/* What ipq_set_mode and, without payload, ipq_set_verdict return. */
#define MODE_SENT (sizeof(long) == 8 ? 56 : 44)
#define VERDICT_SENT (sizeof(long) == 8 ? 40 : 28)

/* Reads a message that must be, byte for byte, the refusal with error of the
 * request type, IPQM_*, from this process. Its body was the three words (value,
 * range or id, data_len) and len bytes more: those at rest, or zero if NULL. */
void queue_refusal(struct ipq_handle *h, int error, uint16_t type,
		   const unsigned long body[3], const void *rest, size_t len);

#endif
