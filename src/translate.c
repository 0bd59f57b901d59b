/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translates requests of ip_queue's protocol to nfnetlink_queue's, and messages back.
 * Pure functions: no I/O, no allocation, no state. */
#include <endian.h>
#include <string.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "export.h"
#include "translate.h"

/*
 * Attributes that nfnetlink_queue does not know. It ignores them; but if it refuses a
 * request, it echoes the whole request (netlink_ack). So each request carries what the
 * program must read if it is refused. Nothing needs to be remembered here, and the answer
 * is in the socket in its place among the packets.
 */
enum {
	CARRIED_REQUEST = 0x1001,	/* struct request; + enum refusal */
	CARRIED_REQUEST_LAST = CARRIED_REQUEST + REFUSAL_IS_ECOMM,
	CARRIED_PAYLOAD = 0x1006,	/* payload that does not replace the packet */
	CARRIED_MARK = 0x1007,		/* empty, see translate_mark */
};

_Static_assert(CARRIED_REQUEST_LAST < CARRIED_PAYLOAD, "a number is taken");

static struct nlmsghdr *begin(struct kernel_request *out, int type,
			      uint16_t queue)
{
	/* mnl_attr_put does not write the padding of an attribute */
	memset(out->buf + out->len, 0, sizeof(out->buf) - out->len);
	return nfq_nlmsg_put(out->buf + out->len, type, queue);
}

static void end(struct kernel_request *out, struct nlmsghdr *nlh,
		const struct request *r, enum refusal refusal)
{
	mnl_attr_put(nlh, CARRIED_REQUEST + refusal, sizeof(*r), r);
	out->len += MNL_ALIGN(nlh->nlmsg_len);
}

/* Adds a config command that has no effect, but fails without CAP_NET_ADMIN. Before Linux
 * 3.8 PF_UNBIND stopped the queueing of a family, but AF_UNSPEC has no packets
 * (nf_unregister_queue_handler); since then it does nothing for any family
 * (nfqnl_recv_config). */
void translate_probe(struct kernel_request *out, const struct request *r)
{
	struct nlmsghdr *nlh = begin(out, NFQNL_MSG_CONFIG, 0);

	nfq_nlmsg_cfg_put_cmd(nlh, AF_UNSPEC, NFQNL_CFG_CMD_PF_UNBIND);
	end(out, nlh, r, REFUSAL_IS_EPERM);
}

void translate_claim(struct kernel_request *out, const struct request *r,
		     uint16_t queue, uint32_t maxlen, uint32_t flags)
{
	struct nlmsghdr *nlh = begin(out, NFQNL_MSG_CONFIG, queue);

	nfq_nlmsg_cfg_put_cmd(nlh, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
	nfq_nlmsg_cfg_put_qmaxlen(nlh, maxlen);
	if (flags) {
		mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(flags));
		mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(flags));
	}
	end(out, nlh, r, REFUSAL_OF_CLAIM);
}

void translate_unbind(struct kernel_request *out, const struct request *r,
		      uint16_t queue)
{
	struct nlmsghdr *nlh = begin(out, NFQNL_MSG_CONFIG, queue);

	nfq_nlmsg_cfg_put_cmd(nlh, AF_UNSPEC, NFQNL_CFG_CMD_UNBIND);
	end(out, nlh, r, REFUSAL_IS_EPERM);
}

/* The kernel refuses this verdict whether or not the queue has an owner. */
void translate_mark(struct kernel_request *out, uint32_t number)
{
	struct nlmsghdr *nlh = begin(out, NFQNL_MSG_VERDICT, 0);

	nlh->nlmsg_seq = number;
	nfq_nlmsg_verdict_put(nlh, 0, IMPOSSIBLE_VERDICT);
	mnl_attr_put(nlh, CARRIED_MARK, 0, NULL);
	out->len += MNL_ALIGN(nlh->nlmsg_len);
}

/*
 * Returns a header from which translate_ack can make the header of the program's request,
 * because an acknowledgement echoes only the header. The one field that would be missing
 * is the length of the program's request. It is sent as the port ID, which the kernel
 * does not look at.
 */
static struct nlmsghdr answerable(const struct nlmsghdr *nlh, const struct request *r)
{
	return (struct nlmsghdr) {
		.nlmsg_len = nlh->nlmsg_len,
		.nlmsg_type = nlh->nlmsg_type,
		.nlmsg_flags = NLM_F_REQUEST | (r->nlh.nlmsg_flags & NLM_F_ACK),
		.nlmsg_seq = r->nlh.nlmsg_seq,
		.nlmsg_pid = r->nlh.nlmsg_len,
	};
}

/* ip_queue truncated the copy range to 32 bits and then clamped it (ipq_set_mode in the
 * module). 0 means the whole packet to both modules, but before Linux 3.11
 * nfnetlink_queue then also copied packets that are too long for an attribute. */
void translate_mode(struct kernel_request *out, const struct request *r,
		    enum refusal refusal, uint16_t queue)
{
	struct nlmsghdr *nlh = begin(out, NFQNL_MSG_CONFIG, queue);
	uint32_t range = r->body.msg.mode.range;

	if (range == 0 || range > PAYLOAD_MAX)
		range = PAYLOAD_MAX;
	nfq_nlmsg_cfg_put_params(nlh, r->body.msg.mode.value, range);
	*nlh = answerable(nlh, r);
	end(out, nlh, r, refusal);
}

/* Ends the message with the header of the payload's attribute. The payload itself is sent
 * from the program's buffer, without being copied. */
static void end_with_payload(struct kernel_request *out, struct nlmsghdr *nlh,
			     const struct verdict *v)
{
	struct nlattr attr = {
		.nla_len = sizeof(attr) + v->payload_len,
		.nla_type = v->replace ? NFQA_PAYLOAD : CARRIED_PAYLOAD,
	};

	memcpy(out->buf + out->len, &attr, sizeof(attr));
	out->len += sizeof(attr);
	nlh->nlmsg_len += attr.nla_len;
	out->payload = v->payload;
	out->payload_len = v->payload_len;
}

/* The message that nfq_nlmsg_put, nfq_nlmsg_verdict_put and mnl_attr_put would make in
 * steps. Every packet needs one, and writing it in one piece takes a fifth of the
 * instructions. */
struct verdict_message {
	struct nlmsghdr nlh;
	struct nfgenmsg nfgen;
	struct nlattr verdict_attr;
	struct nfqnl_msg_verdict_hdr verdict;
	struct nlattr request_attr;
	struct request request;
} __attribute__((packed, aligned(4)));

void translate_verdict(struct kernel_request *out, const struct request *r,
		       enum refusal refusal, uint16_t queue,
		       const struct verdict *v)
{
	struct verdict_message *message = (void *)(out->buf + out->len);
	uint32_t value = v->value;

	/* ip_queue had one queue only, so NF_QUEUE means this one */
	if (value == NF_QUEUE)
		value = NF_QUEUE_NR((uint32_t)queue);
	message->nlh = (struct nlmsghdr) {
		.nlmsg_len = sizeof(*message),
		.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 |
			      (v->all_before ? NFQNL_MSG_VERDICT_BATCH : NFQNL_MSG_VERDICT),
	};
	message->nlh = answerable(&message->nlh, r);
	message->nfgen = (struct nfgenmsg) { .res_id = htons(queue) };
	message->verdict_attr.nla_len = sizeof(struct nlattr) + sizeof(message->verdict);
	message->verdict_attr.nla_type = NFQA_VERDICT_HDR;
	message->verdict.verdict = htonl(value);
	message->verdict.id = htonl(v->id);
	message->request_attr.nla_len = sizeof(struct nlattr) + sizeof(*r);
	message->request_attr.nla_type = CARRIED_REQUEST + refusal;
	message->request = *r;
	if (v->mark)
		nfq_nlmsg_verdict_put_mark(&message->nlh, *v->mark);
	out->len += message->nlh.nlmsg_len;
	if (v->payload && v->payload_len)
		end_with_payload(out, &message->nlh, v);
}

/* An attribute that is too short is ignored. */
#define HOLDS(attr, type) ((attr)->nla_len >= MNL_ATTR_HDRLEN + sizeof(type))

static void read_hdr(const struct nfqnl_msg_packet_hdr *hdr, struct message *m)
{
	m->id = ntohl(hdr->packet_id);
	m->has_id = true;
	m->packet.msg.packet_id = m->id;
	m->packet.msg.hook = hdr->hook;
	m->packet.msg.hw_protocol = hdr->hw_protocol;
}

static void read_stamp(const void *data, ipq_packet_msg_t *msg)
{
	struct nfqnl_msg_packet_timestamp stamp;

	memcpy(&stamp, data, sizeof(stamp));
	msg->timestamp_sec = be64toh(stamp.sec);
	msg->timestamp_usec = be64toh(stamp.usec);
}

static void read_hw(const struct nfqnl_msg_packet_hw *hw, struct message *m)
{
	ipq_packet_msg_t *msg = &m->packet.msg;
	uint16_t len = ntohs(hw->hw_addrlen);

	m->has_hw_addr = true;
	msg->hw_addrlen = len < sizeof(msg->hw_addr) ? len : sizeof(msg->hw_addr);
	memcpy(msg->hw_addr, hw->hw_addr, sizeof(msg->hw_addr));
}

static void read_attr(const struct nlattr *attr, const char *head, struct message *m)
{
	const void *data = attr + 1;

	switch (attr->nla_type) {
	case NFQA_PACKET_HDR:
		if (HOLDS(attr, struct nfqnl_msg_packet_hdr))
			read_hdr(data, m);
		break;
	case NFQA_MARK:
		if (HOLDS(attr, uint32_t))
			m->packet.msg.mark = ntohl(*(const uint32_t *)data);
		break;
	case NFQA_TIMESTAMP:
		if (HOLDS(attr, struct nfqnl_msg_packet_timestamp))
			read_stamp(data, &m->packet.msg);
		break;
	case NFQA_IFINDEX_INDEV:
		if (HOLDS(attr, uint32_t))
			m->indev = ntohl(*(const uint32_t *)data);
		break;
	case NFQA_IFINDEX_OUTDEV:
		if (HOLDS(attr, uint32_t))
			m->outdev = ntohl(*(const uint32_t *)data);
		break;
	case NFQA_HWADDR:
		if (HOLDS(attr, struct nfqnl_msg_packet_hw))
			read_hw(data, m);
		break;
	case NFQA_PAYLOAD:
		m->payload_offset = (const char *)data - head;
		m->payload_len = attr->nla_len - sizeof(*attr);
		break;
	}
}

/*
 * Reads the attributes in the first "have" of len bytes, after which only payload may
 * follow. nfq_nlmsg_parse needs the whole message in one piece, so that every packet
 * would have to be copied, and costs more than everything else that is done here.
 */
static bool read_attrs(const char *head, size_t have, size_t len, struct message *m)
{
	const char *at = head + MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg);
	const char *end = head + have;

	while (end - at >= (ptrdiff_t)sizeof(struct nlattr)) {
		const struct nlattr *attr = (const void *)at;
		ptrdiff_t size = attr->nla_len;

		if (size < (ptrdiff_t)sizeof(*attr) ||
		    (size > end - at && (attr->nla_type != NFQA_PAYLOAD ||
					 size > (ptrdiff_t)len - (at - head))))
			return false;
		read_attr(attr, head, m);
		at += MNL_ALIGN(size);
	}
	return m->has_id && (have == len || m->payload_offset);
}

/* Compilers make a few store instructions of each memset. A single one would become a
 * loop. */
static void clear(unsigned char *head, size_t size)
{
	memset(head, 0, 64);
	memset(head + 64, 0, size - 64);
}

static void translate_packet(const char *head, size_t have, size_t len,
			     struct message *m)
{
	const struct nfgenmsg *nfgen = (const void *)(head + MNL_NLMSG_HDRLEN);
	ipq_packet_msg_t *msg = &m->packet.msg;

	clear(m->head, sizeof(m->head));
	m->id = m->indev = m->outdev = 0;
	m->has_id = m->has_hw_addr = false;
	m->payload_offset = m->payload_len = 0;
	if (!read_attrs(head, have, len, m))
		return;
	/* On POSTROUTING newer kernels report an input device (ip_output passes
	 * skb->dev). ip_queue reported neither that nor the sender of the frame. */
	if (msg->hook == NF_INET_POST_ROUTING) {
		m->indev = 0;
		m->has_hw_addr = false;
		msg->hw_addrlen = 0;
		memset(msg->hw_addr, 0, sizeof(msg->hw_addr));
	}
	m->kind = MESSAGE_PACKET;
	m->family = nfgen->nfgen_family;
	m->queue = ntohs(nfgen->res_id);
	m->head_len = sizeof(m->packet);
	m->len = MNL_ALIGN(sizeof(m->packet) + m->payload_len);
	m->packet.nlh.nlmsg_len = m->len;
	m->packet.nlh.nlmsg_type = IPQM_PACKET;
	msg->data_len = m->payload_len;
}

/* Returns the error that the program reads instead of the kernel's. */
static int old_error(int error, enum refusal refusal)
{
	if (refusal == REFUSAL_IS_EINVAL)
		return EINVAL;
	if (refusal == REFUSAL_IS_ECOMM)
		return ECOMM;
	if (refusal == REFUSAL_IS_EPERM)
		return error;
	/* ENODEV: another socket owned the queue number when it was to be claimed, but
	 * has given it up before this request */
	return error == EPERM || error == ENODEV ? EBUSY : error;
}

/* Writes NLMSG_ERROR with the error, and as much of the request r as fits into head. */
static void write_error(const struct request *r, int error, size_t len,
			struct message *m)
{
	size_t echoed = r->nlh.nlmsg_len < sizeof(*r) ? r->nlh.nlmsg_len : sizeof(*r);
	struct nlmsghdr nlh = {
		.nlmsg_len = len,
		.nlmsg_type = NLMSG_ERROR,
		.nlmsg_seq = r->nlh.nlmsg_seq,
	};
	int negative = -error;

	m->kind = MESSAGE_ERROR;
	m->error = error;
	if (echoed > len - sizeof(nlh) - sizeof(negative))
		echoed = len - sizeof(nlh) - sizeof(negative);
	memcpy(m->head, &nlh, sizeof(nlh));
	memcpy(m->head + sizeof(nlh), &negative, sizeof(negative));
	memcpy(m->head + sizeof(nlh) + sizeof(negative), r, echoed);
	m->head_len = sizeof(nlh) + sizeof(negative) + echoed;
	m->len = MNL_ALIGN(len);
}

/* Translates an acknowledgement (NLM_F_ACK), which only programs with netlink code of
 * their own request. */
static void translate_ack(const struct nlmsghdr *echo, struct message *m)
{
	struct request r = {
		.nlh = {
			.nlmsg_len = echo->nlmsg_pid,
			.nlmsg_type = (echo->nlmsg_type & 0xff) == NFQNL_MSG_CONFIG ?
				      IPQM_MODE : IPQM_VERDICT,
			.nlmsg_flags = echo->nlmsg_flags,
			.nlmsg_seq = echo->nlmsg_seq,
		},
	};

	m->payload_offset = 0;
	m->payload_len = 0;
	m->claim_lost = false;
	write_error(&r, 0, NLMSG_LENGTH(sizeof(struct nlmsgerr)), m);
}

/* Finds the payload, which may follow after the program's request and a packet mark.
 * "have" may end within it. */
static void find_payload(const struct nlattr *attr, const char *head,
			 size_t have, size_t len, struct message *m)
{
	size_t offset = (const char *)attr - head + sizeof(*attr);

	if (offset <= have && attr->nla_type == NFQA_MARK) {
		attr = mnl_attr_next(attr);
		offset = (const char *)attr - head + sizeof(*attr);
	}
	m->payload_offset = 0;
	m->payload_len = 0;
	if (offset > have || attr->nla_len < sizeof(*attr) ||
	    attr->nla_len - sizeof(*attr) > len - offset ||
	    (attr->nla_type != NFQA_PAYLOAD && attr->nla_type != CARRIED_PAYLOAD))
		return;
	m->payload_offset = offset;
	m->payload_len = attr->nla_len - sizeof(*attr);
}

/* Finds the attribute with the program's request, or CARRIED_MARK, in the echo of our
 * request. */
static const struct nlattr *carried(const struct nlattr *attr, int left)
{
	for (; mnl_attr_ok(attr, left);
	     left -= MNL_ALIGN(attr->nla_len), attr = mnl_attr_next(attr)) {
		uint16_t type = mnl_attr_get_type(attr);

		if ((type >= CARRIED_REQUEST && type <= CARRIED_REQUEST_LAST &&
		     mnl_attr_get_payload_len(attr) == sizeof(struct request)) ||
		    type == CARRIED_MARK)
			return attr;
	}
	return NULL;
}

/* The kernel's MAX_ERRNO. */
#define ERRNO_MAX 4095

static APART void translate_error(const char *head, size_t have, size_t len,
			    struct message *m)
{
	static const size_t echo = MNL_NLMSG_HDRLEN + sizeof(int);
	static const size_t attrs = echo + MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg);
	const struct nlattr *attr;
	enum refusal refusal;
	struct request r;
	int error;

	if (have < echo + MNL_NLMSG_HDRLEN)
		return;
	memcpy(&error, head + MNL_NLMSG_HDRLEN, sizeof(error));
	if (error == 0) {
		translate_ack((const struct nlmsghdr *)(head + echo), m);
		return;
	}
	attr = have < attrs ? NULL :
	       carried((const struct nlattr *)(head + attrs), have - attrs);
	if (error > 0 || error < -ERRNO_MAX || !attr)
		return;
	if (mnl_attr_get_type(attr) == CARRIED_MARK) {
		m->kind = MESSAGE_MARK;
		m->id = ((const struct nlmsghdr *)(head + echo))->nlmsg_seq;
		return;
	}
	refusal = mnl_attr_get_type(attr) - CARRIED_REQUEST;
	memcpy(&r, mnl_attr_get_payload(attr), sizeof(r));
	if (r.nlh.nlmsg_len < sizeof(r.nlh) || r.nlh.nlmsg_len > INT32_MAX)
		return;
	find_payload(mnl_attr_next(attr), head, have, len, m);
	if (r.nlh.nlmsg_len < sizeof(r))
		m->payload_len = 0;
	else if (m->payload_len > r.nlh.nlmsg_len - sizeof(r))
		m->payload_len = r.nlh.nlmsg_len - sizeof(r);
	m->claim_lost = refusal == REFUSAL_OF_CLAIM;
	write_error(&r, old_error(-error, refusal), echo + r.nlh.nlmsg_len, m);
}

void translate_address(struct message *m, uint32_t port_id)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)m->head;

	nlh->nlmsg_pid = port_id;
	if (m->error == 0) {	/* the echo of an acknowledgement holds no request */
		nlh = (struct nlmsghdr *)(m->head + sizeof(*nlh) + sizeof(int));
		nlh->nlmsg_pid = port_id;
	}
}

bool translate_refuses_old_request(const struct nlmsghdr *nlh, size_t have)
{
	const struct nlmsghdr *echo =
		(const struct nlmsghdr *)((const char *)nlh + MNL_NLMSG_HDRLEN + sizeof(int));

	return have >= 2 * MNL_NLMSG_HDRLEN + sizeof(int) && nlh->nlmsg_type == NLMSG_ERROR &&
	       (echo->nlmsg_type == IPQM_MODE || echo->nlmsg_type == IPQM_VERDICT);
}

bool translate_is_packet(const struct nlmsghdr *nlh, size_t len, struct message *m)
{
	const struct nfgenmsg *nfgen = (const void *)(nlh + 1);

	if (len < sizeof(*nlh) + sizeof(*nfgen) ||
	    nlh->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		return false;
	m->family = nfgen->nfgen_family;
	m->queue = ntohs(nfgen->res_id);
	return true;
}

void translate_message(const struct nlmsghdr *nlh, size_t have, size_t len,
		       struct message *m)
{
	const char *head = (const char *)nlh;

	m->kind = MESSAGE_NONE;
	if (have < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) ||
	    nlh->nlmsg_len > len)
		return;
	len = nlh->nlmsg_len;	/* the datagram of an error has padding after it */
	if (have > len)
		have = len;
	switch (nlh->nlmsg_type) {
	case NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET:
		translate_packet(head, have, len, m);
		break;
	case NLMSG_ERROR:
		translate_error(head, have, len, m);
		break;
	}
}
