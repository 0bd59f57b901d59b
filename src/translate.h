/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translates requests of ip_queue's protocol to nfnetlink_queue's, and messages back.
 * Pure functions: no I/O, no allocation, no state. */
#ifndef IPQ_TRANSLATE_H
#define IPQ_TRANSLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libipq.h>

/*
 * A request of ip_queue's protocol (IPQM_MODE, IPQM_VERDICT), without the payload.
 * nlmsg_len is the number of bytes that the program has sent, with payload and stray
 * bytes; nlmsg_pid is the program's port ID as the program knows it. If the request is
 * too short, the missing fields are zero.
 */
struct request {
	struct nlmsghdr nlh;
	ipq_peer_msg_t body;
};

/*
 * What EPERM means as the kernel's answer to a request. The kernel returns EPERM both if
 * CAP_NET_ADMIN is missing (nfnetlink_rcv) and if another socket owns the queue
 * (nfqnl_recv_config, verdict_instance_lookup), for which ip_queue returned EBUSY.
 */
enum refusal {
	REFUSAL_IS_EPERM,	/* the queue is ours, or is not claimed yet */
	REFUSAL_IS_EBUSY,	/* a message before it has shown the capability */
	REFUSAL_OF_CLAIM,	/* EBUSY, and the queue number was not claimed */
	REFUSAL_IS_EINVAL,	/* any error means EINVAL: the request is malformed */
	REFUSAL_IS_ECOMM,	/* the same, and its header says that it is truncated */
};

/* Messages for the kernel, to be sent in one datagram: first buf, then payload. */
struct kernel_request {
	size_t len;			/* bytes used in buf */
	const void *payload;
	size_t payload_len;		/* bytes */
	_Alignas(struct nlmsghdr) char buf[320];
};

static inline void kernel_request_init(struct kernel_request *out)
{
	out->len = 0;
	out->payload_len = 0;
}

/* The most bytes of payload in a message: the length of a netlink attribute, including
 * its header, has 16 bits. */
#define PAYLOAD_MAX (UINT16_MAX - (int)sizeof(struct nlattr))

/* A verdict that the kernel refuses with EINVAL if the sender owns the queue
 * (verdicthdr_get). */
#define IMPOSSIBLE_VERDICT 0xff

/* A verdict as the kernel gets it. */
struct verdict {
	uint32_t id;			/* the kernel's packet id */
	uint32_t value;			/* NF_*, or IMPOSSIBLE_VERDICT */
	bool all_before;		/* also for all packets before this one */
	const uint32_t *mark;		/* NULL: the mark is not changed */
	const void *payload;		/* NULL for none */
	size_t payload_len;		/* bytes, PAYLOAD_MAX at most */
	bool replace;			/* payload replaces the packet; if not, it
					 * is sent only to be echoed in a refusal */
};

/* Each of these functions adds one message to out. The message carries the program's
 * request r; if the kernel refuses the message, it sends r back with the error. A verdict
 * with payload must be the last message of out. */
void translate_probe(struct kernel_request *out, const struct request *r);
void translate_claim(struct kernel_request *out, const struct request *r,
		     uint16_t queue, uint32_t maxlen, uint32_t flags);
void translate_unbind(struct kernel_request *out, const struct request *r,
		      uint16_t queue);
void translate_mode(struct kernel_request *out, const struct request *r,
		    enum refusal refusal, uint16_t queue);
void translate_verdict(struct kernel_request *out, const struct request *r,
		       enum refusal refusal, uint16_t queue,
		       const struct verdict *v);

/* Adds a request that the kernel refuses immediately. Its answer, MESSAGE_MARK with the
 * number as id, is in the socket after all messages that arrived before. */
void translate_mark(struct kernel_request *out, uint32_t number);

/* Whether ip_queue accepted the verdict value: up to NF_STOP, but not NF_STOLEN. */
static inline bool translate_verdict_known(unsigned int value)
{
	return value <= 5 && value != 2;
}

/* The length of the longest verdict message without payload, in bytes. */
#define VERDICT_MESSAGE_MAX 96

enum message_kind {
	MESSAGE_NONE,			/* not for the program */
	MESSAGE_PACKET,
	MESSAGE_ERROR,
	MESSAGE_MARK,			/* see translate_mark */
};

/* A message of the kernel, translated to ip_queue's protocol. */
struct message {
	enum message_kind kind;
	uint8_t family;			/* of a packet: AF_INET, AF_INET6, … */
	uint16_t queue;			/* of a packet: the number it arrived by */
	uint32_t id;			/* of a packet (0 is valid) or a mark */
	bool has_id;
	uint32_t indev, outdev;		/* ifindex, 0 for none; the caller must
					 * fill in the names */
	bool has_hw_addr;		/* the caller must fill in hw_type */
	bool claim_lost;		/* the kernel has refused a claim */
	int error;			/* of an error: what the program reads */
	size_t payload_offset;		/* in the kernel's message */
	size_t payload_len;		/* bytes */
	size_t head_len;		/* of the program's message before payload */
	size_t len;			/* of the program's message; what head and
					 * payload do not fill is zero */
	union {
		struct {
			struct nlmsghdr nlh;
			ipq_packet_msg_t msg;
		} packet;
		unsigned char head[sizeof(struct nlmsghdr) +
				   sizeof(ipq_packet_msg_t)];
	};
};

/*
 * Translates a message of the kernel. It has len bytes, of which the first "have" are at
 * nlh; only payload may be missing there. Any other message gives MESSAGE_NONE.
 */
void translate_message(const struct nlmsghdr *nlh, size_t have, size_t len,
		       struct message *m);

/* Whether the message is a packet. If so, sets its family and queue number, and nothing
 * else. */
bool translate_is_packet(const struct nlmsghdr *nlh, size_t len, struct message *m);

/* Whether the message is the kernel's refusal of a request in ip_queue's own form, which
 * the program has sent itself. */
bool translate_refuses_old_request(const struct nlmsghdr *nlh, size_t have);

/* Sets the port ID that an error is addressed to: the program's, as ip_queue would have
 * known it, whatever the request says (netlink_ack). */
void translate_address(struct message *m, uint32_t port_id);

#endif
