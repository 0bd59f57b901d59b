/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens a NETLINK_NETFILTER socket, sends to it, receives from it, and asks the kernel
 * about it. Knows nfnetlink, and nothing of ip_queue. */
#ifndef IPQ_NFQUEUE_H
#define IPQ_NFQUEUE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "translate.h"

/* Greater than the offset of the payload in a packet's message
 * (nfqnl_build_packet_message), and than the length of the answer to any request without
 * payload. */
#define NFQUEUE_HEAD_MAX 256

/* The length of the longest message: what comes before the payload, and one attribute of
 * payload. */
#define NFQUEUE_MESSAGE_MAX (UINT16_MAX + NFQUEUE_HEAD_MAX)

/* Where the bytes of one received datagram are: the first at head, the next at rest, and
 * then in spill. Bytes after that are lost. */
struct nfqueue_datagram {
	size_t len;			/* bytes that the kernel has sent */
	unsigned char *head, *rest;
	size_t head_len, rest_len;	/* room there, in bytes */
	_Alignas(struct nlmsghdr) unsigned char own[NFQUEUE_HEAD_MAX];
	unsigned char spill[NFQUEUE_HEAD_MAX];
};

/* The beginning of the message, and how many bytes are there in one piece. */
static inline const struct nlmsghdr *nfqueue_head(const struct nfqueue_datagram *d)
{
	return (const struct nlmsghdr *)d->head;
}

static inline size_t nfqueue_have(const struct nfqueue_datagram *d)
{
	return d->len < d->head_len ? d->len : d->head_len;
}

/* Receives one datagram. flags are those of recv(2): MSG_DONTWAIT, MSG_PEEK. The first
 * NFQUEUE_HEAD_MAX bytes go to d itself, and the next ones to d->rest, where the caller
 * has room for d->rest_len bytes. Returns 0, or -1 and errno. */
static inline int nfqueue_receive(int fd, int flags, struct nfqueue_datagram *d)
{
	struct iovec iov[] = {
		{ .iov_base = d->own, .iov_len = sizeof(d->own) },
		{ .iov_base = d->rest, .iov_len = d->rest_len },
		{ .iov_base = d->spill, .iov_len = sizeof(d->spill) },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };
	/* with MSG_TRUNC n includes the bytes that did not fit */
	ssize_t n = recvmsg(fd, &msg, flags | MSG_TRUNC);

	if (n > 0) {
		d->len = n;
		d->head = d->own;
		d->head_len = sizeof(d->own);
		return 0;
	}
	if (n == 0)
		errno = ENOTSOCK;	/* netlink has no end of file: not our socket */
	return -1;
}

/* Fills in d for a datagram of len bytes that has been received at start. */
static inline void nfqueue_received(struct nfqueue_datagram *d, struct nlmsghdr *start,
				    size_t len)
{
	d->len = len;
	d->head = (unsigned char *)start;
	d->head_len = len;
	d->rest = NULL;
	d->rest_len = 0;
}

/* Whether a message of len bytes has the type, the family and the queue number of
 * another. */
static inline bool nfqueue_is_like(const struct nlmsghdr *nlh, size_t len,
				   const struct nlmsghdr *other)
{
	return len >= sizeof(*nlh) + sizeof(struct nfgenmsg) &&
	       nlh->nlmsg_type == other->nlmsg_type &&
	       !memcmp(nlh + 1, other + 1, sizeof(struct nfgenmsg));
}

/* Receives the datagrams that are there with recvmmsg(2), n at most. Returns their
 * number. */
unsigned int nfqueue_receive_many(int fd, struct mmsghdr *msgs, unsigned int n);

/* Gets the number of datagrams for which the receive buffer had no room. Returns false
 * before Linux 4.12. */
bool nfqueue_lost(int fd, uint32_t *lost);

/* Whether there is a datagram to receive. */
bool nfqueue_has_message(int fd);

/* Removes the next datagram from the socket. */
void nfqueue_discard(int fd);

/* Copies n bytes from this offset of the datagram to "to", which may overlap d->rest.
 * Returns how many bytes there were. */
size_t nfqueue_copy(const struct nfqueue_datagram *d, size_t offset, size_t n,
		    unsigned char *to);

int nfqueue_send_with_payload(int fd, const struct kernel_request *request);

/* Sends buf and payload to the kernel. Returns 0, or -1 and errno. */
static inline int nfqueue_send(int fd, const struct kernel_request *request)
{
	if (request->payload_len)
		return nfqueue_send_with_payload(fd, request);
	return send(fd, request->buf, request->len, 0) < 0 ? -1 : 0;
}

/* Opens a socket with this port ID that accepts messages from the kernel only. type is
 * SOCK_RAW or SOCK_DGRAM, with the flags of socket(2). Returns the descriptor, or -1 and
 * errno: EADDRINUSE if another socket has the port ID, or an error of socket(2). */
int nfqueue_open(int type, uint32_t port_id);

/* Sets how many packets may wait in the queue, which the socket has bound, and makes the
 * receive buffer large enough for as many packets of "range" bytes. There is no
 * answer. */
void nfqueue_set_maxlen(int fd, uint16_t queue, uint32_t maxlen, uint32_t range);

/* Returns the port ID of a socket, 0 if fd is not a netlink socket. */
uint32_t nfqueue_port_id(int fd);

/* Returns a number that identifies the network namespace of a socket. */
uint64_t nfqueue_network(int fd);

/* Returns the same number for the calling thread, 0 if it cannot be found out. */
uint64_t nfqueue_here(void);

/* Whether this is the network namespace of the calling thread. Without a socket in it,
 * the kernel can be asked about no other. */
bool nfqueue_is_here(uint64_t network);

/* Whether no socket has the port ID, which is found out by binding a socket to it.
 * Returns false if this is not the network namespace of the calling thread. */
bool nfqueue_port_id_unused(uint32_t port_id, uint64_t network);

/* Returns a descriptor of the socket with this port ID that this process has, or -1. */
int nfqueue_find(uint32_t port_id, uint64_t network);

/* nfqueue_drop_when_full: messages that do not fit into the receive buffer are dropped
 * and counted, without ENOBUFS. nfqueue_stamp: packets get a timestamp when they
 * arrive. */
void nfqueue_drop_when_full(int fd);
void nfqueue_stamp(int fd);

/* Sets the size of the receive buffer in bytes, as with SO_RCVBUF, or to what is
 * permitted. With "grow" it is only changed if it is smaller. Returns the new size. */
int nfqueue_set_rcvbuf(int fd, int bytes, bool grow);

#endif
