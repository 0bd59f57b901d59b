/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Full queues, slow readers, floods: each packet is accounted for, and the program never
 * gets an error (FACTS 6). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "queue.h"
#include "reader.h"
#include "trace.h"
#include "traffic.h"

TestSuite(load, .timeout = 60);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void queue_port_7(const char *chain)
{
	run("iptables-legacy -A %s -p udp --dport 7 -j QUEUE", chain);
}

static void say(int fd, const void *data, size_t len)
{
	cr_assert(udp_send(fd, "127.0.0.1", 7, data, len) == (ssize_t)len,
		  "sendto: %s", strerror(errno));
}

static struct queue_figures figures(void)
{
	struct queue_figures f;

	cr_assert(queue_figures(0, &f));
	return f;
}

Test(load, a_full_queue_drops_what_comes_after_and_counts_it)
{
	ipq_id_t ids[3];
	struct ipq_handle *h;
	union message m;
	char text[16];
	int from, to;

	network_enter();
	setenv("LIBIPQ_MAXLEN", "3", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	to = udp_open(AF_INET, 7);
	from = udp_open(AF_INET, 0);
	for (char c = 'a'; c <= 'e'; c++)
		say(from, &c, 1);
	cr_assert(figures().waiting == 3);
	cr_assert(figures().dropped_full == 2);
	cr_assert(figures().dropped_socket == 0);

	for (size_t i = 0; i < COUNT(ids); i++)
		ids[i] = queue_packet(h, &m)->packet_id;
	cr_assert(queue_silent(h));
	for (size_t i = 0; i < COUNT(ids); i++)
		ipq_set_verdict(h, ids[i], NF_ACCEPT, 0, NULL);
	say(from, "f", 1);
	ipq_set_verdict(h, queue_packet(h, &m)->packet_id, NF_ACCEPT, 0, NULL);
	for (size_t i = 0; i < 4; i++) {
		cr_assert(udp_hear(to, text, sizeof(text), DEADLINE) == 1);
		cr_assert(text[0] == "abcf"[i]);
	}
	ipq_destroy_handle(h);
}

Test(load, a_queue_of_length_0_drops_everything)
{
	struct ipq_handle *h;

	network_enter();
	setenv("LIBIPQ_MAXLEN", "0", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	for (int i = 0; i < 10; i++)
		udp_say(AF_INET, 7, "hello");
	cr_assert(figures().waiting == 0);
	cr_assert(figures().dropped_full == 10);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

/* Whether the receive buffer can be as large as the queue needs. In a user namespace,
 * net.core.rmem_max limits it. */
static bool may_exceed_rmem_max(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes = 4096;
	bool may = !setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));

	close(fd);
	return may;
}

Test(load, a_queue_of_length_minus_1_holds_more_than_1024)
{
	struct ipq_handle *h;

	network_enter();
	setenv("LIBIPQ_MAXLEN", "-1", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	for (int i = 0; i < 2000; i++)
		udp_say(AF_INET, 7, "hello");
	cr_assert(figures().dropped_full == 0);
	cr_assert(figures().waiting + figures().dropped_socket == 2000);
	if (may_exceed_rmem_max())
		cr_assert(figures().waiting == 2000);
	ipq_destroy_handle(h);
}

Test(load, a_small_receive_buffer_loses_packets_but_never_stops_the_reader)
{
	struct ipq_handle *h;
	unsigned int kept;
	union message m;
	int fd;

	network_enter();
	setenv("LIBIPQ_RCVBUF", "16384", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	fd = udp_open(AF_INET, 0);
	for (int i = 0; i < 200; i++)
		say(fd, "hello", 5);
	kept = figures().waiting;
	cr_assert(kept > 2 && kept < 200);
	cr_assert(figures().dropped_socket == 200 - kept);
	cr_assert(figures().dropped_full == 0);

	/* reading a packet makes room for another, even if the rest has not been read */
	queue_packet(h, &m);
	queue_packet(h, &m);
	say(fd, "hello", 5);
	cr_assert(figures().waiting == kept + 1);
	for (unsigned int i = 2; i < kept + 1; i++)
		queue_packet(h, &m);
	cr_assert(queue_silent(h));
	cr_assert(figures().dropped_socket == 200 - kept);
	ipq_destroy_handle(h);
}

Test(load, as_many_packets_as_the_queue_holds_fit_the_receive_buffer)
{
	static char text[1401];
	struct ipq_handle *h;
	struct queue_figures f;
	union message m;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	queue_port_7("OUTPUT");
	memset(text, 'x', 1400);
	/* one socket for each: packets that wait use up the send buffer
	 * of their socket */
	for (int i = 0; i < 1024; i++)
		udp_say(AF_INET, 7, text);
	f = figures();
	cr_assert(f.dropped_full == 0);
	cr_assert(f.waiting + f.dropped_socket == 1024);
	if (may_exceed_rmem_max())
		cr_assert(f.waiting == 1024, "%u were lost", f.dropped_socket);
	for (unsigned int i = 0; i < f.waiting; i++)
		cr_assert(queue_packet(h, &m)->data_len == 1428);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

Test(load, errors_too_many_for_the_receive_buffer_are_no_error_of_their_own)
{
	struct ipq_handle *h;
	union message m;
	int errors = 0;
	ssize_t n;

	network_enter();
	setenv("LIBIPQ_RCVBUF", "65536", 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	for (ipq_id_t id = 1; id <= 3000; id++)
		cr_assert(ipq_set_verdict(h, id, NF_ACCEPT, 0, NULL) > 0);
	while ((n = ipq_read(h, m.buf, sizeof(m.buf), -1)) > 0) {
		cr_assert(ipq_message_type(m.buf) == NLMSG_ERROR);
		cr_assert(ipq_get_msgerr(m.buf) == ENOENT);
		errors++;
	}
	cr_assert(n == 0, "after %d errors: %s: %s", errors, ipq_errstr(),
		  strerror(errno));
	cr_assert(errors > 0 && errors < 3000, "%d errors", errors);
	cr_assert(figures().dropped_socket == 0);
	udp_say(AF_INET, 7, "hello");
	queue_packet(h, &m);
	ipq_destroy_handle(h);
}

/* A program that sends through a slow filter finds its send buffer full. */
Test(load, packets_that_wait_are_charged_to_the_socket_that_sent_them)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(7) };
	struct ipq_handle *h;
	unsigned int sent = 0;
	union message m;
	int fd;

	network_enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("OUTPUT");
	fd = udp_open(AF_INET, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(!connect(fd, (struct sockaddr *)&address, sizeof(address)));
	while (sent < 1024 && send(fd, "ten bytes!", 10, MSG_DONTWAIT) == 10)
		sent++;
	cr_assert(errno == EAGAIN, "after %u: %s", sent, strerror(errno));
	cr_assert(sent > 0 && figures().waiting == sent);
	udp_say(AF_INET, 7, "from another");
	for (unsigned int i = 0; i <= sent; i++)
		ipq_set_verdict(h, queue_packet(h, &m)->packet_id, NF_DROP, 0, NULL);
	cr_assert(send(fd, "ten bytes!", 10, MSG_DONTWAIT) == 10);
	ipq_destroy_handle(h);
}

/* Reads a packet like old programs, which end on any error. */
static bool read_and_drop(struct ipq_handle *h, int timeout)
{
	union {
		struct nlmsghdr nlh;
		unsigned char buf[2048];
	} m;
	ssize_t n = ipq_read(h, m.buf, sizeof(m.buf), timeout);

	cr_assert(n >= 0, "%s: %s", ipq_errstr(), strerror(errno));
	if (n == 0)
		return false;
	cr_assert(ipq_message_type(m.buf) == IPQM_PACKET, "error %d",
		  ipq_get_msgerr(m.buf));
	cr_assert(ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, NF_DROP, 0,
				  NULL) > 0);
	return true;
}

static void survive_flood(unsigned long count)
{
	struct queue_figures f;
	struct ipq_handle *h;
	struct flood *flood;
	unsigned long sent, delivered = 0;

	/* supervised, each takes ten times as long, and far longer on a busy machine, where
	 * both processes wait for a processor in turn */
	if (getenv("SUPERVISED"))
		count /= 50;
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	queue_port_7("OUTPUT");
	flood = flood_begin();
	while (delivered < count) {
		read_and_drop(h, 0);
		if (++delivered % 500 == 0)
			usleep(2000);	/* sometimes does other work */
	}
	sent = flood_end(flood);
	while (read_and_drop(h, -1))
		delivered++;

	f = figures();
	cr_assert(f.waiting == 0);
	cr_assert(f.dropped_full + f.dropped_socket > 0, "that was no flood");
	cr_assert(sent == delivered + f.dropped_full + f.dropped_socket,
		  "of %lu sent, %lu came, %u found the queue full, %u the socket", sent,
		  delivered, f.dropped_full, f.dropped_socket);
	ipq_destroy_handle(h);
}

Test(load, a_slow_reader_survives_a_flood_and_every_packet_is_accounted_for)
{
	network_enter();
	survive_flood(200000);
}

Test(load, a_slow_reader_with_a_small_buffer_survives_a_flood)
{
	network_enter();
	setenv("LIBIPQ_RCVBUF", "65536", 1);
	survive_flood(50000);
}

/* Reads into two buffers by turns, with this distance between them. */
static void expect_two_system_calls(size_t apart, int timeout)
{
	size_t len = 4096;
	unsigned char *buf = mmap(NULL, apart + len, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipq_handle *h;
	struct trace t;
	long long ms;
	int others;

	cr_assert(buf != MAP_FAILED);
	network_enter();
	unsetenv("LIBIPQ_BATCH");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	queue_port_7("INPUT");
	for (int i = 0; i < 100; i++)
		udp_say(AF_INET, 7, "hello");
	t = trace_begin();
	ms = -clock_us() / 1000;
	for (int i = 0; i < 100; i++) {
		unsigned char *at = buf + i % 2 * apart;

		cr_assert(ipq_read(h, at, len, timeout) > 0);
		cr_assert(ipq_set_verdict(h, ipq_get_packet(at)->packet_id, NF_DROP, 0,
					  NULL) > 0);
	}
	ms += clock_us() / 1000;
	trace_end(&t);

	cr_assert(trace_count(&t, "recv") == 100);
	cr_assert(trace_count(&t, "send") == 100);
	others = trace_count(&t, "") - 200;
	cr_assert(others <= 10 + 2 * (ms / 50 + 1), "%d other calls in %lld ms", others,
		  ms);
	ipq_destroy_handle(h);
	munmap(buf, apart + len);
}

/* Names and types of interfaces are cached for some time. */
Test(load, a_packet_costs_two_system_calls_its_interface_named)
{
	expect_two_system_calls(0, 0);
}

Test(load, a_packet_costs_two_system_calls_wherever_it_is_read_to)
{
	expect_two_system_calls(64 * 4096, 0);
}

Test(load, while_packets_wait_a_timeout_costs_no_system_call)
{
	NOT_CARRIED(CARRIED_SELECTS);
	expect_two_system_calls(0, 1000000);
}

Test(load, where_no_packets_wait_a_timeout_costs_one_system_call)
{
	int reads = 600, found = 0, calls;
	struct ipq_handle *h;
	union message m;
	struct trace t;

	NOT_CARRIED(CARRIED_SELECTS);
	network_enter();
	unsetenv("LIBIPQ_BATCH");
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	t = trace_begin();
	for (int i = 0; i < reads; i++)
		found += ipq_read(h, m.buf, sizeof(m.buf), 1) != 0;
	trace_end(&t);
	calls = trace_count(&t, "");
	cr_assert(found == 0);
	cr_assert(trace_count(&t, "ppoll") == reads);
	cr_assert(calls <= reads + 20, "%d calls for %d reads", calls, reads);
	ipq_destroy_handle(h);
}
