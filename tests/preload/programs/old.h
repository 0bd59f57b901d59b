/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions as in programs that used ip_queue without libipq. On failure, these print
 * what has failed, and end the program. */
#ifndef PROGRAMS_OLD_H
#define PROGRAMS_OLD_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <linux/netfilter_ipv4/ip_queue.h>

/* The kernel's headers no longer define these. */
#ifndef NETLINK_FIREWALL
#define NETLINK_FIREWALL 3
#endif
#ifndef NETLINK_IP6_FW
#define NETLINK_IP6_FW 13
#endif

/* Prints the place of the failure and errno. */
#define check(condition)						\
	do {								\
		if (!(condition)) {					\
			printf("%s, line %d: %s: %s\n", __func__,	\
			       __LINE__, #condition, strerror(errno));	\
			fflush(stdout);					\
			_exit(1);					\
		}							\
	} while (0)

/* No program waits longer, or lives longer than its parent. */
#define SECONDS_MAX 20

static inline void say(const char *text)
{
	check(puts(text) >= 0 && fflush(stdout) == 0);
}

static inline void old_limit(void)
{
	alarm(SECONDS_MAX);
}

static inline pid_t old_fork(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	check(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		old_limit();
	}
	return pid;
}

union old_message {
	struct nlmsghdr nlh;
	struct {
		struct nlmsghdr nlh;
		ipq_packet_msg_t msg;
	} packet;
	unsigned char bytes[70000];
};

struct old_request {
	struct nlmsghdr nlh;
	ipq_peer_msg_t body;
};

static const struct sockaddr_nl old_kernel = { .nl_family = AF_NETLINK };

static inline int old_open(int protocol, int type)
{
	int fd = socket(AF_NETLINK, type, protocol);

	check(fd >= 0);
	return fd;
}

static inline void old_bind(int fd)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK, .nl_pid = getpid() };

	check(!bind(fd, (struct sockaddr *)&local, sizeof(local)));
}

static inline struct old_request old_mode_request(uint8_t mode, size_t range)
{
	return (struct old_request) {
		.nlh = {
			.nlmsg_len = sizeof(struct old_request),
			.nlmsg_type = IPQM_MODE,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_pid = getpid(),
		},
		.body.msg.mode = { .value = mode, .range = range },
	};
}

static inline struct old_request old_verdict_request(unsigned long id, unsigned int value,
						     size_t data_len)
{
	return (struct old_request) {
		.nlh = {
			.nlmsg_len = sizeof(struct old_request) + data_len,
			.nlmsg_type = IPQM_VERDICT,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_pid = getpid(),
		},
		.body.msg.verdict = { .value = value, .id = id, .data_len = data_len },
	};
}

static inline void old_send(int fd, const void *data, size_t len)
{
	check(sendto(fd, data, len, 0, (const struct sockaddr *)&old_kernel,
		     sizeof(old_kernel)) == (ssize_t)len);
}

static inline void old_mode(int fd, uint8_t mode, size_t range)
{
	struct old_request r = old_mode_request(mode, range);

	old_send(fd, &r, sizeof(r));
}

static inline void old_accept(int fd, unsigned long id)
{
	struct old_request r = old_verdict_request(id, NF_ACCEPT, 0);

	old_send(fd, &r, sizeof(r));
}

/* Opens a socket and sets its mode. */
static inline int old_ready(int protocol)
{
	int fd = old_open(protocol, SOCK_RAW);

	old_bind(fd);
	old_mode(fd, IPQ_COPY_PACKET, 0);
	return fd;
}

/* The message must be a packet. */
static inline ipq_packet_msg_t *old_packet(union old_message *m, ssize_t n)
{
	check(n > 0);
	if (m->nlh.nlmsg_type == NLMSG_ERROR)
		errno = -((struct nlmsgerr *)NLMSG_DATA(&m->nlh))->error;
	check(m->nlh.nlmsg_type == IPQM_PACKET);
	return &m->packet.msg;
}

static inline ipq_packet_msg_t *old_read(int fd, union old_message *m)
{
	return old_packet(m, recv(fd, m, sizeof(*m), 0));
}

/* Sends a packet that is queued, from the program itself. */
static inline void old_hello(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(7) };
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check(sendto(udp, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)) == 5);
	check(close(udp) == 0);
}

/* Returns the text in the UDP packet. */
static inline char *old_text(const ipq_packet_msg_t *packet, size_t *len)
{
	size_t before = packet->payload[0] >> 4 == 4 ? 28 : 48;

	check(packet->data_len >= before);
	*len = packet->data_len - before;
	return (char *)packet->payload + before;
}

/* Accepts the next packet and prints its text. */
static inline void old_pass(int fd)
{
	static union old_message m;
	ipq_packet_msg_t *packet = old_read(fd, &m);
	size_t len;
	char *text = old_text(packet, &len);

	old_accept(fd, packet->packet_id);
	printf("%.*s\n", (int)len, text);
	fflush(stdout);
}

#endif
