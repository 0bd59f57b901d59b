/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: messages are the same as without it, byte for byte and in the same order,
 * and are cut to buffers that are too small in the same way. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"

TestSuite(batch_reading, .timeout = 60);

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* The first is without batches. */
static const char *const batches[] = { "1", "2", "64", "1024" };

/* Bytes of UDP data. Headers add 28 bytes; of more than 65,531 in all, not
 * all are copied. */
static const size_t lens[] = {
	0, 1, 2, 3, 4, 5, 100, 1400, 65503, 9000, 65507, 6, 65502, 7, 8,
};

static struct ipq_handle *open_batched(const char *batch, uint8_t mode, size_t range)
{
	setenv("LIBIPQ_BATCH", batch, 1);
	return queue_open(PF_INET, mode, range);
}

/* Always sends from the same ports. */
static void send_all(void)
{
	static char data[65536];
	int fd[COUNT_OF(lens)];

	for (size_t i = 0; i < COUNT_OF(lens); i++) {
		memset(data, 'a' + i, lens[i]);
		fd[i] = udp_open(AF_INET, 20000 + i);
		cr_assert(udp_send(fd[i], "127.0.0.1", 9, data, lens[i]) == (ssize_t)lens[i]);
	}
	for (size_t i = 0; i < COUNT_OF(lens); i++)
		close(fd[i]);
}

/* The result of a read. */
struct outcome {
	ssize_t n;
	int error;
	const char *text;
	union message m;
};

#define OUTCOMES (2 * COUNT_OF(lens) + 2)

/* Clears what differs in any two packets: the time, the IP header's id
 * and its checksum. */
static void clear(union message *m)
{
	size_t payload = NLMSG_HDRLEN + offsetof(ipq_packet_msg_t, payload);

	memset(m->buf + NLMSG_HDRLEN + offsetof(ipq_packet_msg_t, timestamp_sec), 0,
	       2 * sizeof(long));
	memset(m->buf + payload + 4, 0, 2);
	memset(m->buf + payload + 10, 0, 2);
}

/* Reads all messages with buffers of this size. */
static int read_all(struct ipq_handle *h, struct outcome *o, size_t size)
{
	int count = 0;

	do {
		memset(&o->m, 0xee, sizeof(o->m));
		errno = EDOM;
		o->n = ipq_read(h, o->m.buf, size, -1);
		o->error = errno;
		o->text = o->n > 0 ? "" : ipq_errstr();
		if (o->n && o->m.nlh.nlmsg_type == IPQM_PACKET)
			clear(&o->m);
	} while (++count < (int)OUTCOMES && o++->n);
	return count;
}

static void expect_same(const struct outcome *a, const struct outcome *b, int count,
			size_t size)
{
	for (int i = 0; i < count; i++) {
		size_t end = a[i].n >= 0 ? (size_t)a[i].n : size;

		cr_assert(a[i].n == b[i].n && a[i].error == b[i].error,
			  "read %d: %zd, errno %d, and not %zd, %d", i, b[i].n, b[i].error,
			  a[i].n, a[i].error);
		cr_assert_str_eq(a[i].text, b[i].text);
		for (size_t n = 0; n < end; n++)
			cr_assert(a[i].m.buf[n] == b[i].m.buf[n],
				  "read %d: byte %zu is %02x, and not %02x", i, n,
				  b[i].m.buf[n], a[i].m.buf[n]);
	}
}

/* Sends packets, a request that is refused, and packets again, and reads the messages
 * into buffers of size bytes. */
static void compare(uint8_t mode, size_t range, size_t size)
{
	static struct outcome outcome[2][OUTCOMES];
	int count = 0;

	for (size_t b = 0; b < COUNT_OF(batches); b++) {
		struct ipq_handle *h = open_batched(batches[b], mode, range);
		int n;

		send_all();
		ipq_set_mode(h, 77, 0);
		send_all();
		n = read_all(h, outcome[b > 0], size);
		if (b == 0)
			count = n;
		cr_assert(n == count && n == (int)OUTCOMES, "%d messages", n);
		expect_same(outcome[0], outcome[b > 0], count, size);
		ipq_destroy_handle(h);
	}
}

Test(batch_reading, packets_of_all_lengths_are_the_same_in_every_mode)
{
	numbers_network();
	compare(IPQ_COPY_META, 0, sizeof(union message));
	compare(IPQ_COPY_PACKET, 0, sizeof(union message));
	compare(IPQ_COPY_PACKET, 1, sizeof(union message));
	compare(IPQ_COPY_PACKET, 28, sizeof(union message));
	compare(IPQ_COPY_PACKET, 1000000, sizeof(union message));
}

Test(batch_reading, messages_are_the_same_where_the_buffer_is_too_small)
{
	static const size_t sizes[] = { 20, 21, 64, 100, 136, 137, 170, 1500, 65000 };

	numbers_network();
	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		compare(IPQ_COPY_PACKET, 0, sizes[i]);
}

/* And the next read returns the message. */
Test(batch_reading, a_buffer_that_is_refused_takes_nothing)
{
	struct ipq_handle *h;
	union message m;

	numbers_network();
	h = open_batched("64", IPQ_COPY_PACKET, 0);
	numbers_send(0, 70);
	for (int i = 0; i < 70; i++) {
		cr_assert(ipq_read(h, m.buf, 19, -1) == -1);
		cr_assert_str_eq(ipq_errstr(), "Receive buffer size invalid");
		cr_assert(number_of(queue_packet(h, &m)) == i);
	}
	ipq_destroy_handle(h);
}

/* The message is lost, as without batches, but no other is. */
Test(batch_reading, an_address_that_is_none_is_an_error_and_costs_one_message)
{
	struct ipq_handle *h;
	union message m;

	numbers_network();
	h = open_batched("64", IPQ_COPY_PACKET, 0);
	numbers_send(0, 5);
	cr_assert(number_of(queue_packet(h, &m)) == 0);
	errno = 0;
	cr_assert(ipq_read(h, NULL, sizeof(m), NOTHING) == -1);
	cr_assert(errno == EFAULT, "errno %d", errno);
	cr_assert(number_of(queue_packet(h, &m)) == 2);
	ipq_destroy_handle(h);
}

Test(batch_reading, a_packet_that_was_cut_is_not_lost)
{
	struct ipq_handle *h;
	unsigned char plan[70];
	struct got got[70];
	struct {
		struct nlmsghdr nlh;
		ipq_packet_msg_t packet;
	} head;

	numbers_network();
	h = open_batched("64", IPQ_COPY_PACKET, 0);
	numbers_send(0, 70);
	for (int i = 0; i < 70; i++) {
		cr_assert(ipq_read(h, (unsigned char *)&head, sizeof(head), -1) == -1);
		got[i] = (struct got) { .id = head.packet.packet_id, .number = i };
		plan[i] = LEAVE;
	}
	numbers_release(h, 70, plan, got);
	ipq_destroy_handle(h);
}

/* Some are read in between, so that some are held and some in the socket. */
Test(batch_reading, every_packet_is_read_once_and_in_order)
{
	numbers_network();
	for (size_t b = 0; b < COUNT_OF(batches); b++) {
		struct ipq_handle *h = open_batched(batches[b], IPQ_COPY_PACKET, 0);
		static struct got got[NUMBERS_MAX];
		unsigned char plan[300];
		int sent = 0, read = 0;

		memset(plan, DROP, sizeof(plan));
		for (int round = 0; round < 60; round++) {
			int some = 1 + round * 37 % 200;

			if (sent - read < 200) {
				numbers_send(sent, some);
				sent += some;
			}
			some = 1 + round * 61 % 130;
			if (some > sent - read)
				some = sent - read;
			numbers_decide(h, some, plan, got + read);
			read += some;
		}
		for (int i = 0; i < read; i++)
			cr_assert(got[i].number == i, "as %d. comes %d", i, got[i].number);
		ipq_destroy_handle(h);
	}
}

#define NAME_AGE_US 50000

/* Reads and drops so many packets without a pause. */
static void read_quickly(struct ipq_handle *h, int count, union message *m)
{
	while (count--) {
		cr_assert(ipq_read(h, m->buf, sizeof(m->buf), 0) > 0);
		ipq_set_verdict(h, ipq_get_packet(m->buf)->packet_id, NF_DROP, 0, NULL);
	}
}

/* They were queued before it was renamed: ip_queue had the name from then. */
Test(batch_reading, packets_that_are_held_keep_the_name_of_their_interface)
{
	static const int before[] = { 5, 602 };
	static const char *const name[] = { "lo", "loop0", "loop1" };
	struct ipq_handle *h;
	char output[256];
	union message m;

	numbers_network();
	for (int i = 0; i < 2; i++) {
		h = open_batched("64", IPQ_COPY_PACKET, 0);
		numbers_send(0, before[i] + 5);
		read_quickly(h, before[i], &m);
		cr_assert_str_eq(ipq_get_packet(m.buf)->outdev_name, name[i]);
		if (run_output(output, sizeof(output), "ip link set %s name %s", name[i],
			       name[i + 1]))
			cr_skip_test("before Linux 6.2, only a down interface can be renamed: %s",
				     output);
		usleep(NAME_AGE_US + 5000);
		for (int n = 0; n < 5; n++)
			cr_assert_str_eq(queue_packet(h, &m)->outdev_name, name[i]);
		numbers_send(0, 5);
		for (int n = 0; n < 5; n++)
			cr_assert_str_eq(queue_packet(h, &m)->outdev_name, name[i + 1]);
		ipq_destroy_handle(h);
	}
}

/* Batches are found by port ID, which is unique only within a network namespace. */
Test(batch_reading, handles_in_two_networks_have_nothing_in_common)
{
	struct ipq_handle *h[2];
	union message m;
	int network[2];

	for (int i = 0; i < 2; i++) {
		numbers_network();
		network[i] = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		h[i] = open_batched("64", IPQ_COPY_PACKET, 0);
		cr_assert(h[i], "%s", ipq_errstr());
		numbers_send(100 * i, 70);
		cr_assert(number_of(queue_packet(h[i], &m)) == 100 * i);
	}
	for (int n = 1; n < 70; n++)
		for (int i = 0; i < 2; i++) {
			cr_assert(!setns(network[i], CLONE_NEWNET));
			cr_assert(number_of(queue_packet(h[i], &m)) == 100 * i + n);
		}
	ipq_destroy_handle(h[0]);
	ipq_destroy_handle(h[1]);
}
