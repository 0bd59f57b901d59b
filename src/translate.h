/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfnetlink_queue's messages and ip_queue's, each turned into the other. Pure:
 * does no I/O, allocates nothing, keeps nothing. */
#ifndef IPQ_TRANSLATE_H
#define IPQ_TRANSLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libipq.h>

/*
 * An old request as it stood on the wire (IPQM_MODE, IPQM_VERDICT), without
 * the payload. nlmsg_len is what the program sent, payload and stray bytes
 * included, nlmsg_pid its port id as it saw it. What a request too short has
 * not is zero.
 */
struct request {
	struct nlmsghdr nlh;
	ipq_peer_msg_t body;
};

/*
 * What the kernel's EPERM says of a request: it answers so for lack of
 * CAP_NET_ADMIN (nfnetlink_rcv) and for a queue of another's (EPERM in
 * nfqnl_recv_config, verdict_instance_lookup). ip_queue had EBUSY for that.
 */
enum refusal {
	REFUSAL_IS_EPERM,	/* the queue is ours, or it is not yet asked for */
	REFUSAL_IS_EBUSY,	/* a message before it showed the capability */
	REFUSAL_OF_CLAIM,	/* as EBUSY, and the queue is not ours after all */
	REFUSAL_IS_EINVAL,	/* whatever the kernel says of it: malformed */
	REFUSAL_IS_ECOMM,	/* likewise: its header says that it was cut off */
};

/* Messages for the kernel, to be sent in one piece, buf before payload. */
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

/* The most payload the kernel can take or give: an attribute's length has 16
 * bits, its header included. */
#define PAYLOAD_MAX (UINT16_MAX - (int)sizeof(struct nlattr))

/* A value the kernel refuses with EINVAL if the queue is the sender's
 * (verdicthdr_get). */
#define IMPOSSIBLE_VERDICT 0xff

/* What the kernel is told of a packet. */
struct verdict {
	uint32_t id;			/* the kernel's */
	uint32_t value;			/* NF_*, or IMPOSSIBLE_VERDICT */
	bool all_before;		/* not on this packet alone */
	const uint32_t *mark;		/* NULL to leave it */
	const void *payload;		/* NULL for none */
	size_t payload_len;		/* bytes, PAYLOAD_MAX at most */
	bool replace;			/* the packet by payload; else payload
					 * is only carried for the echo */
};

/* Each adds one message to out. r is the old request it stands for and comes
 * back with the kernel's refusal. A verdict with
 * payload must be the last of out. */
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

/* A request that the kernel refuses at once: its answer, MESSAGE_MARK with the number
 * as id, stands in the socket after all that came before. */
void translate_mark(struct kernel_request *out, uint32_t number);

/* Whether ip_queue took the verdict value: up to NF_STOP, but not NF_STOLEN. */
static inline bool translate_verdict_known(unsigned int value)
{
	return value <= 5 && value != 2;
}

/* The longest verdict message without payload. */
#define VERDICT_MESSAGE_MAX 96

enum message_kind {
	MESSAGE_NONE,			/* not for the program */
	MESSAGE_PACKET,
	MESSAGE_ERROR,
	MESSAGE_MARK,
};

/* A message of the kernel's, in the old form. */
struct message {
	enum message_kind kind;
	uint8_t family;			/* of a packet: AF_INET, AF_INET6, … */
	uint16_t queue;			/* of a packet: the number it came by */
	uint32_t id;			/* of a packet, or a mark; 0 is one */
	bool has_id;
	uint32_t indev, outdev;		/* ifindex, 0 for none; names are not
					 * filled in */
	bool has_hw_addr;		/* hw_type is not filled in */
	bool claim_lost;
	int error;			/* of an error: what the program reads */
	size_t payload_offset;		/* in the kernel's message */
	size_t payload_len;		/* bytes */
	size_t head_len;		/* of the old message, before payload */
	size_t len;			/* of the old message; what head and
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
 * Reads the kernel's message of len bytes, of which the first have stand at
 * nlh; the rest can only be payload. Anything else makes MESSAGE_NONE.
 */
void translate_message(const struct nlmsghdr *nlh, size_t have, size_t len,
		       struct message *m);

/* Whether it is the kernel's answer to a request as ip_queue's programs sent it. */
bool translate_refuses_old_request(const struct nlmsghdr *nlh, size_t have);

/* Whom an error is sent to: the program's port id as ip_queue would have known it,
 * whatever the request says (netlink_ack). */
void translate_address(struct message *m, uint32_t port_id);

#endif
