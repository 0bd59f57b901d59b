/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_GSO: what the kernel keeps as one packet, for the device to cut into segments,
 * comes as one message. */
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "kernel.h"
#include "network.h"
#include "pair.h"

TestSuite(gso, .timeout = 60);

#define MTU 1500

/* Sent with one system call, for the kernel to cut into twenty segments. */
#define SEGMENT 1000
#define SEGMENTS 20

static union message message;
static char data[SEGMENT * SEGMENTS];

static void send_segments(int i)
{
	int from = udp_open(pair_family(i), 0), size = SEGMENT;

	NEEDS_KERNEL(4, 18, "UDP_SEGMENT");
	for (int n = 0; n < SEGMENTS; n++)
		memset(data + SEGMENT * n, 'a' + n, SEGMENT);
	cr_assert(!setsockopt(from, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)));
	cr_assert(udp_send(from, i ? "::1" : "127.0.0.1", 9, data, sizeof(data)) ==
		  sizeof(data));
	close(from);
}

static void expect_segments(int i)
{
	static char text[sizeof(data)];

	for (int n = 0; n < SEGMENTS; n++) {
		cr_assert(udp_hear(pair_heard[i], text, sizeof(text), DEADLINE) == SEGMENT);
		cr_assert(text[0] == 'a' + n && text[SEGMENT - 1] == 'a' + n);
	}
}

/* Computes the checksum of the UDP packet and its pseudo header. */
static uint16_t checksum_left(const unsigned char *ip, size_t len)
{
	size_t head = ip[0] >> 4 == 4 ? 20 : 40, addresses = ip[0] >> 4 == 4 ? 12 : 8;
	uint16_t pseudo[] = { htons(len - head), htons(IPPROTO_UDP) };
	uint32_t sum = checksum_add(0, ip + addresses, head - addresses);

	return checksum_end(checksum_add(checksum_add(sum, pseudo, sizeof(pseudo)), ip + head,
					 len - head));
}

Test(gso, segments_come_as_one_message_with_unfinished_checksums)
{
	NEEDS_KERNEL(3, 10, "LIBIPQ_GSO");
	for (int i = 0; i < 2; i++) {
		size_t len = (i ? 48 : 28) + sizeof(data);
		ipq_packet_msg_t *p;

		pair_network("QUEUE");
		setenv("LIBIPQ_GSO", "1", 1);
		pair_make(i);
		pair_start(i);
		send_segments(i);
		p = queue_packet(pair[i], &message);
		cr_assert(p->data_len == len, "%zu bytes", p->data_len);
		cr_assert(checksum_left(p->payload, len));
		cr_assert(!memcmp(p->payload + len - sizeof(data), data, sizeof(data)));
		ipq_set_verdict(pair[i], p->packet_id, NF_ACCEPT, 0, NULL);
		expect_segments(i);
		cr_assert(queue_silent(pair[i]));
		pair_close(i);
	}
}

Test(gso, without_gso_segments_come_one_by_one_with_their_checksums)
{
	pair_network("QUEUE");
	pair_make(0);
	pair_start(0);
	send_segments(0);
	for (int n = 0; n < SEGMENTS; n++) {
		ipq_packet_msg_t *p = queue_packet(pair[0], &message);

		cr_assert(p->data_len == 28 + SEGMENT && !checksum_left(p->payload, p->data_len));
		ipq_set_verdict(pair[0], p->packet_id, NF_ACCEPT, 0, NULL);
	}
	expect_segments(0);
	pair_close(0);
}

Test(gso, the_range_cuts_off_the_rest)
{
	NEEDS_KERNEL(3, 10, "LIBIPQ_GSO");
	ipq_packet_msg_t *p;

	pair_network("QUEUE");
	setenv("LIBIPQ_GSO", "1", 1);
	pair_make(0);
	ipq_set_mode(pair[0], IPQ_COPY_PACKET, 100);
	send_segments(0);
	p = queue_packet(pair[0], &message);
	cr_assert(p->data_len == 100);
	ipq_set_verdict(pair[0], p->packet_id, NF_ACCEPT, 0, NULL);
	expect_segments(0);
	pair_close(0);
}

#define STREAM 500000

static unsigned char byte_at(size_t i)
{
	return i * 7 + i / 256;
}

static _Noreturn void send_stream(int i)
{
	static unsigned char stream[STREAM];
	struct sockaddr_in v4 = { AF_INET, htons(7), { htonl(INADDR_LOOPBACK) }, { 0 } };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(7),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *to = i ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
	int fd = socket(pair_family(i), SOCK_STREAM, 0);

	for (size_t n = 0; n < STREAM; n++)
		stream[n] = byte_at(n);
	if (connect(fd, to, i ? sizeof(v6) : sizeof(v4)))
		_exit(1);
	_exit(send(fd, stream, STREAM, 0) != STREAM);
}

static _Noreturn void receive_stream(int listening)
{
	unsigned char buf[8192];
	size_t got = 0;
	ssize_t n;
	int fd = accept(listening, NULL, NULL);

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != byte_at(got++))
				_exit(1);
	_exit(got != STREAM);
}

/* Listens for both families. */
static int listen_at_7(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(7) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(!bind(fd, (struct sockaddr *)&any, sizeof(any)) && !listen(fd, 1));
	return fd;
}

static pid_t fork_limited(void)
{
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(2 * DEADLINE / 1000);
	}
	return pid;
}

/* Sends a TCP stream over lo with a small MTU, which must arrive unchanged. Returns the
 * length of the longest packet. */
static size_t longest_in_stream(int i)
{
	int listening = listen_at_7(), status;
	size_t longest = 0;
	pid_t from, to;

	run("ip link set lo mtu %d && "
	    "ip%stables-legacy -A OUTPUT -p tcp --dport 7 -j QUEUE", MTU, i ? "6" : "");
	to = fork_limited();
	if (to == 0)
		receive_stream(listening);
	from = fork_limited();
	if (from == 0)
		send_stream(i);
	while (waitpid(to, &status, WNOHANG) == 0) {
		ipq_packet_msg_t *p = ipq_get_packet(message.buf);

		for (int n = 0; n < 2; n++) {
			if (!pair[n] || ipq_read(pair[n], message.buf, sizeof(message.buf),
						 n == i ? 1000 : -1) <= 0)
				continue;
			cr_assert(n == i && message.nlh.nlmsg_type == IPQM_PACKET);
			if (p->data_len > longest)
				longest = p->data_len;
			ipq_set_verdict(pair[i], p->packet_id, NF_ACCEPT, 0, NULL);
		}
	}
	cr_assert(status == 0, "the stream was harmed");
	cr_assert(waitpid(from, &status, 0) == from && status == 0);
	close(listening);
	return longest;
}

Test(gso, a_stream_comes_in_packets_larger_than_the_mtu)
{
	NEEDS_KERNEL(3, 10, "LIBIPQ_GSO");
	for (int i = 0; i < 2; i++) {
		size_t longest;

		network_enter();
		setenv("LIBIPQ_GSO", "1", 1);
		pair_make(i);
		pair_start(i);
		longest = longest_in_stream(i);
		cr_assert(longest > 2 * MTU, "%zu", longest);
		pair_close(i);
	}
}

Test(gso, without_gso_a_stream_comes_in_packets_no_larger_than_the_mtu)
{
	for (int i = 0; i < 2; i++) {
		size_t longest;

		network_enter();
		pair_make(i);
		pair_start(i);
		longest = longest_in_stream(i);
		cr_assert(longest > MTU / 2 && longest <= MTU, "%zu", longest);
		pair_close(i);
	}
}

Test(gso, a_packet_moved_to_the_other_familys_handle_comes_in_one_piece)
{
	NEEDS_KERNEL(3, 10, "LIBIPQ_GSO");
	size_t longest;

	network_enter();
	setenv("LIBIPQ_GSO", "1", 1);
	pair_open(0);
	longest = longest_in_stream(1);
	cr_assert(longest > 2 * MTU, "%zu", longest);
	pair_close_both();
}
