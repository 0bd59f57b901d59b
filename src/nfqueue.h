/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One NETLINK_NETFILTER socket: made, asked, read, written. Knows nfnetlink
 * and nothing of ip_queue. */
#ifndef IPQ_NFQUEUE_H
#define IPQ_NFQUEUE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <linux/netlink.h>

/* More than comes before a packet's payload (nfqnl_build_packet_message), and more than
 * the answer to any request without payload. */
#define NFQUEUE_HEAD_MAX 256

/* The longest message: one attribute of payload, and what comes before it. */
#define NFQUEUE_MESSAGE_MAX (UINT16_MAX + NFQUEUE_HEAD_MAX)

/* Where the bytes of one received datagram lie: at head, then at rest, then in spill;
 * what comes after that is lost. */
struct nfqueue_datagram {
	size_t len;			/* bytes the kernel sent */
	unsigned char *head, *rest;
	size_t head_len, rest_len;	/* bytes there is room for */
	_Alignas(struct nlmsghdr) unsigned char own[NFQUEUE_HEAD_MAX];
	unsigned char spill[NFQUEUE_HEAD_MAX];
};

/* The beginning, in one piece, and how much of it that is. */
static inline const struct nlmsghdr *nfqueue_head(const struct nfqueue_datagram *d)
{
	return (const struct nlmsghdr *)d->head;
}

static inline size_t nfqueue_have(const struct nfqueue_datagram *d)
{
	return d->len < d->head_len ? d->len : d->head_len;
}

/* Receives one datagram and blocks as flags (MSG_DONTWAIT) say. The first
 * NFQUEUE_HEAD_MAX bytes go to d itself, those that follow to d->rest, where the caller
 * has set aside d->rest_len bytes. Returns 0, or -1 and errno. */
static inline int nfqueue_receive(int fd, int flags, struct nfqueue_datagram *d)
{
	struct iovec iov[] = {
		{ .iov_base = d->own, .iov_len = sizeof(d->own) },
		{ .iov_base = d->rest, .iov_len = d->rest_len },
		{ .iov_base = d->spill, .iov_len = sizeof(d->spill) },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };
	/* the whole length, also of what did not fit */
	ssize_t n = recvmsg(fd, &msg, flags | MSG_TRUNC);

	if (n > 0) {
		d->len = n;
		d->head = d->own;
		d->head_len = sizeof(d->own);
		return 0;
	}
	if (n == 0)
		errno = ENOTSOCK;	/* not what it was: netlink knows no end */
	return -1;
}

/* The same for len bytes at start that were received already. */
void nfqueue_received(struct nfqueue_datagram *d, unsigned char *start, size_t len);

/* recvmmsg(2) of what is there. Returns how many datagrams that was. */
unsigned int nfqueue_receive_many(int fd, struct mmsghdr *msgs, unsigned int n);

/* Whether there is one to be received. */
bool nfqueue_has_message(int fd);

/* Takes away a datagram that was only looked at. */
void nfqueue_discard(int fd);

/* Copies n bytes from offset of the datagram to a place that may overlap the rest.
 * Returns how many there were. */
size_t nfqueue_copy(const struct nfqueue_datagram *d, size_t offset, size_t n,
		    unsigned char *to);

struct kernel_request;

/* Sends buf and payload to the kernel. Returns 0, or -1 and errno. */
int nfqueue_send(int fd, const struct kernel_request *request);

/* The same for len bytes of several requests. */
int nfqueue_send_many(int fd, const void *requests, size_t len);

enum nfqueue_state {
	NFQUEUE_FREE,		/* nobody has bound the queue, as far as known */
	NFQUEUE_TAKEN,		/* another socket has */
	NFQUEUE_FORBIDDEN,	/* CAP_NET_ADMIN is missing */
	NFQUEUE_ABSENT,		/* no nfnetlink_queue in this kernel */
};

/* Asks the kernel, loading the module if need be, over a socket of its own:
 * an answer in the program's would wake it for nothing. */
enum nfqueue_state nfqueue_probe(uint16_t queue);

/* Opens a socket of the type (SOCK_RAW or SOCK_DGRAM, and their flags) with
 * the port id, that only the kernel can write to. Returns the descriptor, or
 * -1 and errno: EADDRINUSE if the port id is taken, or as socket(2). */
int nfqueue_open(int type, uint32_t port_id);

/* The port id of the socket that has bound the queue, 0 if that cannot be
 * found out. */
uint32_t nfqueue_owner(uint16_t queue);

/* How many packets wait in the queue; 0 if that cannot be found out. */
unsigned int nfqueue_waiting(uint16_t queue);

/* The first number from lowest on that the socket with the port id has bound; 0 if there
 * is none, or it cannot be found out. */
uint16_t nfqueue_number_of(uint32_t port_id, uint16_t lowest);

/* How many packets the kernel has dropped because the queue or its socket's buffer
 * was full. False if that cannot be found out. */
bool nfqueue_drops(uint16_t queue, uint64_t *drops);

/* Has maxlen packets wait in the queue, which the socket has bound, and makes room for so
 * many of range bytes. Nothing answers. */
void nfqueue_set_maxlen(int fd, uint16_t queue, uint32_t maxlen, uint32_t range);

/* The port id of a socket, 0 if it is no netlink socket. */
uint32_t nfqueue_port_id(int fd);

/* The network namespace of a socket: some number, the same for no other one. */
uint64_t nfqueue_network(int fd);

/* Whether the network namespace is that of the calling thread, of which alone the kernel
 * can be asked without a socket in it. */
bool nfqueue_is_here(uint64_t network);

/* Whether no socket has the port id: only one that takes it can tell. False if the
 * network namespace is another than the calling thread's. */
bool nfqueue_port_id_unused(uint32_t port_id, uint64_t network);

/* Whether a descriptor of this process is the socket with the port id. */
bool nfqueue_has(uint32_t port_id, uint64_t network);

/* Has messages dropped and counted rather than reported when the buffer is full; and
 * packets stamped on arrival. */
void nfqueue_drop_when_full(int fd);
void nfqueue_stamp(int fd);

/* Makes the receive buffer bytes large (as SO_RCVBUF counts), or as large as
 * is permitted; with grow, only if it is smaller. Returns what it then is. */
int nfqueue_set_rcvbuf(int fd, int bytes, bool grow);

#endif
