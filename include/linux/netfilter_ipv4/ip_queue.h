/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages between programs and the kernel module ip_queue. Linux removed this header
 * together with the module. libipq uses the same messages towards the program, in the
 * program's word size. */
#ifndef _IP_QUEUE_H
#define _IP_QUEUE_H

#include <sys/types.h>
#include <net/if.h>

/* A packet (IPQM_PACKET), from the kernel to the program. */
typedef struct ipq_packet_msg {
	unsigned long packet_id;	/* identifies the packet in the verdict */
	unsigned long mark;		/* packet mark, 32 bits */
	long timestamp_sec;		/* time of arrival, 0 if unknown */
	long timestamp_usec;
	unsigned int hook;		/* NF_INET_*: hook that queued it */
	char indev_name[16];		/* IFNAMSIZ bytes; "" if there is none */
	char outdev_name[16];
	unsigned short hw_protocol;	/* ETH_P_*, network byte order */
	unsigned short hw_type;		/* ARPHRD_* of the incoming interface */
	unsigned char hw_addrlen;	/* bytes used in hw_addr */
	unsigned char hw_addr[8];	/* link-layer address of the sender */
	size_t data_len;		/* bytes of payload that follow */
	unsigned char payload[0];	/* the packet, from its IP header on */
} ipq_packet_msg_t;

/* Sets what is copied (IPQM_MODE), from the program to the kernel. */
typedef struct ipq_mode_msg {
	unsigned char value;		/* IPQ_COPY_* */
	size_t range;			/* bytes of payload, 0 for all */
} ipq_mode_msg_t;

/* Decides on a packet (IPQM_VERDICT), from the program to the kernel. */
typedef struct ipq_verdict_msg {
	unsigned int value;		/* NF_* */
	unsigned long id;		/* packet_id of the packet */
	size_t data_len;		/* bytes of new payload, 0 for none */
	unsigned char payload[0];	/* replaces the packet */
} ipq_verdict_msg_t;

/* Either request of the program. */
typedef struct ipq_peer_msg {
	union {
		ipq_verdict_msg_t verdict;
		ipq_mode_msg_t mode;
	} msg;
} ipq_peer_msg_t;

/* Copy modes: what the kernel copies to the program. */
enum {
	IPQ_COPY_NONE,			/* nothing: all packets are dropped */
	IPQ_COPY_META,			/* metadata */
	IPQ_COPY_PACKET			/* metadata and payload */
};
#define IPQ_COPY_MAX IPQ_COPY_PACKET

/* Netlink message types. */
#define IPQM_BASE	0x10
#define IPQM_MODE	(IPQM_BASE + 1)
#define IPQM_VERDICT	(IPQM_BASE + 2)
#define IPQM_PACKET	(IPQM_BASE + 3)
#define IPQM_MAX	(IPQM_BASE + 4)

#endif
