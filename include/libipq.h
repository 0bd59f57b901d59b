/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libipq: decide on IPv4 and IPv6 packets in user space.
 *
 * This is the interface of the library that came with ip_queue. It is implemented on
 * nfnetlink_queue. The functions are described in libipq(3) and where they are defined,
 * in src/libipq.c. */
#ifndef _LIBIPQ_H
#define _LIBIPQ_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <asm/types.h>
#include <linux/netlink.h>
#include <linux/netfilter_ipv4/ip_queue.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The netlink protocols of ip_queue and ip6_queue. The kernel's headers no longer
 * define the second. */
#ifndef NETLINK_FIREWALL
#define NETLINK_FIREWALL 3
#endif
#ifndef NETLINK_IP6_FW
#define NETLINK_IP6_FW 13
#endif

typedef unsigned long ipq_id_t;

/* fd can be waited on with select(2), poll(2) or epoll(7). It is readable exactly
 * while ipq_read has a message. local.nl_pid is the id of the process that
 * created the handle. */
struct ipq_handle {
	int fd;
	uint8_t blocking;
	struct sockaddr_nl local;
	struct sockaddr_nl peer;
};

/* The first libipq had only the argument flags, and supported only IPv4.
 * ipq_create_handle(0) still means that. Define IPQ_NO_MACROS to compile a program that
 * declares the function itself. */
#ifdef __cplusplus
struct ipq_handle *ipq_create_handle(uint32_t flags,
				     uint32_t protocol = PF_INET);
#else
struct ipq_handle *ipq_create_handle(uint32_t flags, uint32_t protocol);
#ifndef IPQ_NO_MACROS
#define ipq_create_handle(...) \
	ipq_create_handle(IPQ_FLAGS_AND_PROTOCOL(__VA_ARGS__, PF_INET, 0))
#define IPQ_FLAGS_AND_PROTOCOL(flags, protocol, ...) flags, protocol
#endif
#endif

int ipq_destroy_handle(struct ipq_handle *h);

ssize_t ipq_read(const struct ipq_handle *h, unsigned char *buf, size_t len,
		 int timeout);

int ipq_set_mode(const struct ipq_handle *h, uint8_t mode, size_t range);

ipq_packet_msg_t *ipq_get_packet(const unsigned char *buf);

int ipq_message_type(const unsigned char *buf);

int ipq_get_msgerr(const unsigned char *buf);

int ipq_set_verdict(const struct ipq_handle *h, ipq_id_t id,
		    unsigned int verdict, size_t data_len, unsigned char *buf);

/* Like ipq_set_verdict, and also sets the packet's mark to nfmark. */
int ipq_set_vwmark(const struct ipq_handle *h, ipq_id_t id,
		   unsigned int verdict, unsigned long nfmark,
		   size_t data_len, unsigned char *buf);

/* Requests of ipq_ctl, and the types of the arguments that follow. SET requests are
 * possible only before the first ipq_set_mode. */
enum ipq_ctl_request {
	IPQ_CTL_SET_QUEUE = 0x1000,	/* unsigned int first, last: queue numbers */
	IPQ_CTL_GET_QUEUE,		/* unsigned int *first, *last */
	IPQ_CTL_SET_MAXLEN,		/* unsigned int: packets that may wait */
	IPQ_CTL_GET_MAXLEN,		/* unsigned int * */
	IPQ_CTL_SET_RCVBUF,		/* unsigned int: bytes, like SO_RCVBUF */
	IPQ_CTL_GET_RCVBUF,		/* unsigned int *; 0: computed */
	IPQ_CTL_SET_FAIL_OPEN,		/* unsigned int: 0 or 1 */
	IPQ_CTL_GET_FAIL_OPEN,		/* unsigned int * */
	IPQ_CTL_SET_GSO,		/* unsigned int: 0 or 1 */
	IPQ_CTL_GET_GSO,		/* unsigned int * */
	IPQ_CTL_SET_BATCH,		/* unsigned int: messages, 1 to 1024 */
	IPQ_CTL_GET_BATCH,		/* unsigned int * */
	IPQ_CTL_SET_TRUNCATED,		/* unsigned int: enum ipq_ctl_truncated */
	IPQ_CTL_GET_TRUNCATED,		/* unsigned int * */
	IPQ_CTL_GET_DELIVERED = 0x1100,	/* uint64_t *: packets read */
	IPQ_CTL_GET_FOREIGN,		/* uint64_t *: dropped, of another family */
	IPQ_CTL_GET_DROPPED,		/* uint64_t *: queue or buffer was full */
	IPQ_CTL_END_READS = 0x1200,	/* unsigned int: that many reads, now or next */
};

/* What happens to a packet whose message is longer than the buffer given to ipq_read. */
enum ipq_ctl_truncated {
	IPQ_TRUNCATED_ERROR,		/* ipq_read fails: "Received message truncated" */
	IPQ_TRUNCATED_ACCEPT,		/* it is accepted, and ipq_read continues */
	IPQ_TRUNCATED_DROP,
};

int ipq_ctl(const struct ipq_handle *h, int request, ...);

char *ipq_errstr(void);

void ipq_perror(const char *s);

#ifdef __cplusplus
}
#endif

#endif
