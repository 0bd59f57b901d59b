/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages that other processes send to the handle's port ID never reach the
 * program (FACTS 4). */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include <criterion/criterion.h>

#include "network.h"
#include "process.h"
#include "queue.h"
#include "reader.h"

TestSuite(strangers, .timeout = 60);

/* A message as the kernel sends it for a packet. */
static const struct {
	struct nlmsghdr nlh;
	struct nfgenmsg nfgen;
	struct nlattr header_attr;
	struct nfqnl_msg_packet_hdr header;
	uint8_t pad;
	struct nlattr payload_attr;
	unsigned char payload[28];
} __attribute__((packed)) forged_packet = {
	.nlh = {
		.nlmsg_len = sizeof(forged_packet),
		.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET,
	},
	.nfgen = { .nfgen_family = AF_INET },
	.header_attr = {
		sizeof(struct nlattr) + sizeof(struct nfqnl_msg_packet_hdr),
		NFQA_PACKET_HDR,
	},
	.header = { .packet_id = 0x4d000000, .hw_protocol = 8, .hook = 3 },
	.payload_attr = { sizeof(struct nlattr) + 28, NFQA_PAYLOAD },
	.payload = { 0x45, [3] = 28, [8] = 64, 17 },
};

static const struct {
	struct nlmsghdr nlh;
	ipq_packet_msg_t packet;
	unsigned char payload[28];
} old_packet = {
	.nlh = { .nlmsg_len = sizeof(old_packet), .nlmsg_type = IPQM_PACKET },
	.packet = { .packet_id = 77, .data_len = 28 },
};

static const struct {
	struct nlmsghdr nlh;
	struct nlmsgerr error;
} forged_error = {
	.nlh = { .nlmsg_len = sizeof(forged_error), .nlmsg_type = NLMSG_ERROR },
	.error = { .error = -EPERM },
};

static const struct nlmsghdr noop = {
	.nlmsg_len = sizeof(noop), .nlmsg_type = NLMSG_NOOP,
};

static const struct nlmsghdr too_long = {
	.nlmsg_len = 0xfffffff0, .nlmsg_type = IPQM_PACKET,
};

static const unsigned char zeros[5000], garbage[] = "GARBAGE of 31 characters' length";

static const struct {
	const void *data;
	size_t len;
} messages[] = {
	{ &forged_packet, sizeof(forged_packet) },
	{ &old_packet, sizeof(old_packet) },
	{ &forged_error, sizeof(forged_error) },
	{ &noop, sizeof(noop) },
	{ &too_long, sizeof(too_long) },
	{ garbage, sizeof(garbage) },
	{ garbage, 1 },
	{ zeros, sizeof(zeros) },
	{ zeros, 0 },		/* newer kernels refuse this with ENODATA */
};

#define MESSAGES (sizeof(messages) / sizeof(*messages))

/* The real address of the handle's socket. The stranger is a child, and knows it. */
static struct sockaddr_nl address;

/* Tries to send messages[i]. Returns 0 or errno. */
static long send_message(long i)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	ssize_t n = sendto(fd, messages[i].data, messages[i].len, 0,
			   (struct sockaddr *)&address, sizeof(address));
	int error = n < 0 ? errno : 0;

	close(fd);
	return error;
}

/* Starts a process that does so until the stranger ends. */
static long keep_sending(long unused)
{
	pid_t stranger = getpid();

	if (fork() == 0)
		for (size_t i = 0; getppid() == stranger; i++)
			send_message(i % MESSAGES);
	return unused;
}

static long close_copy(long fd)
{
	return close(fd);
}

/* Creates a handle, a rule, and a stranger that does not share the handle. */
static struct ipq_handle *open_beside(struct process *stranger)
{
	struct ipq_handle *h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	socklen_t len = sizeof(address);

	run("iptables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	cr_assert(!getsockname(h->fd, (struct sockaddr *)&address, &len));
	*stranger = process_start();
	process_do(stranger, close_copy, h->fd);
	return h;
}

/* The next message must be this packet; accepts it. */
static void expect_to_pass(struct ipq_handle *h, int timeout, int fd, const char *text)
{
	static union message m;
	ipq_packet_msg_t *p = ipq_get_packet(m.buf);

	udp_say(AF_INET, 9, text);
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), timeout) > 0);
	cr_assert(ipq_message_type(m.buf) == IPQM_PACKET);
	cr_assert(p->data_len == 28 + strlen(text));
	cr_assert(memcmp(p->payload + 28, text, strlen(text)) == 0);
	ipq_set_verdict(h, p->packet_id, NF_ACCEPT, 0, NULL);
	udp_expect(fd, text);
}

Test(strangers, nobody_but_the_kernel_can_send_to_the_handle)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct process stranger;
	struct pollfd readable;
	struct ipq_handle *h;
	union message m;
	long error;
	int fd;

	network_enter();
	fd = udp_open(AF_INET, 9);
	h = open_beside(&stranger);
	readable = (struct pollfd) { .fd = h->fd, .events = POLLIN };
	for (size_t i = 0; i < MESSAGES; i++) {
		error = process_do(&stranger, send_message, i);
		cr_assert(error == ECONNREFUSED || (error && messages[i].len == 0),
			  "message %zu: %s", i, strerror(error));
		cr_assert(poll(&readable, 1, 0) == 0);
		errno = EDOM;
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), -1) == 0);
		cr_assert(errno == EDOM);
		cr_assert_str_eq(ipq_errstr(), "Timeout");
		cr_assert(memcmp(&h->peer, &kernel, sizeof(kernel)) == 0);
		expect_to_pass(h, SOON, fd, "hello");
	}
	cr_assert(queue_silent(h));
	process_end(&stranger);
	ipq_destroy_handle(h);
}

Test(strangers, nobody_can_send_to_a_handle_that_has_asked_for_nothing)
{
	struct process stranger;
	socklen_t len = sizeof(address);
	struct ipq_handle *h;

	network_enter();
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h && !getsockname(h->fd, (struct sockaddr *)&address, &len));
	stranger = process_start();
	cr_assert(process_do(&stranger, send_message, 0) == ECONNREFUSED);
	cr_assert(queue_silent(h));
	process_end(&stranger);
	ipq_destroy_handle(h);
}

Test(strangers, waiting_goes_on_whatever_they_try)
{
	static const int timeouts[] = { 0, SOON };
	struct process stranger;
	struct ipq_handle *h;
	struct reader r;

	network_enter();
	h = open_beside(&stranger);
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(*timeouts); i++) {
		reader_start(&r, h, timeouts[i]);
		for (size_t message = 0; message < MESSAGES; message++)
			process_do(&stranger, send_message, message);
		cr_assert(reader_waits(&r), "ipq_read returns %zd: %s", r.n, r.text);
		udp_say(AF_INET, 9, "hello");
		reader_end(&r);
		cr_assert(r.n > 0 && ipq_message_type(r.m.buf) == IPQM_PACKET);
	}
	process_end(&stranger);
	ipq_destroy_handle(h);
}

Test(strangers, packets_go_on_while_they_try_all_the_time)
{
	static const int timeouts[] = { 0, SOON };
	struct process stranger;
	struct ipq_handle *h;
	union message m;
	char text[16];
	int fd;

	network_enter();
	fd = udp_open(AF_INET, 9);
	h = open_beside(&stranger);
	process_do(&stranger, keep_sending, 0);
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "packet %d", i);
		expect_to_pass(h, timeouts[i % 2], fd, text);
	}
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), 300000) == 0);
	process_end(&stranger);
	ipq_destroy_handle(h);
}
