/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The buffer given to ipq_read: too short, just long enough, not there, not aligned,
 * copied (FACTS 4). */
#include <string.h>
#include <sys/mman.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "queue.h"

TestSuite(buffers, .timeout = 60);

#define GUARD 0xa5

static struct ipq_handle *queue_port_9(uint8_t mode)
{
	run("iptables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	return queue_open(PF_INET, mode, 0);
}

/* Reads into len bytes. The bytes behind them, and errno, must not change. */
static ssize_t read_guarded(struct ipq_handle *h, unsigned char *buf, size_t len)
{
	ssize_t n;

	memset(buf + len, GUARD, 1000);
	errno = EDOM;
	n = ipq_read(h, buf, len, SOON);
	cr_assert(errno == EDOM);
	for (size_t i = len; i < len + 1000; i++)
		cr_assert(buf[i] == GUARD, "byte %zu is written, of %zu", i, len);
	return n;
}

/* After a read that returned n, buf must contain the first len bytes of the message, or
 * all if it is shorter, and no rest of the message may remain. */
static void expect_part(struct ipq_handle *h, ssize_t n, const unsigned char *buf,
			size_t len, const unsigned char *whole, size_t whole_len)
{
	unsigned char next[100];

	if (len < whole_len) {
		cr_assert(n == -1, "%zd for %zu", n, whole_len);
		cr_assert_str_eq(ipq_errstr(), "Received message truncated");
	} else {
		cr_assert(n == (ssize_t)whole_len, "%zd for %zu", n, whole_len);
	}
	for (size_t i = 0; i < len && i < whole_len; i++)
		cr_assert(buf[i] == whole[i], "byte %zu of %zu is %02x, not %02x", i, len,
			  buf[i], whole[i]);
	cr_assert(ipq_read(h, next, sizeof(next), -1) == 0, "read twice");
}

/* If a packet is queued again and again, only its id and mark differ. The kernel leaves
 * out a mark of 0, and the payload then begins earlier. */
static void read_again(struct ipq_handle *h, union message *whole, ssize_t whole_len,
		       size_t len, uint32_t mark)
{
	ipq_packet_msg_t *packet = ipq_get_packet(whole->buf);
	static unsigned char buf[70000];
	uint32_t id;
	ssize_t n;

	cr_assert(ipq_set_vwmark(h, packet->packet_id, NF_QUEUE, mark, 0, NULL) > 0);
	n = read_guarded(h, buf, len);
	/* ids have 32 bits, which the smallest buffer has room for */
	memcpy(&id, buf + 16, sizeof(id));
	packet->packet_id = id;
	packet->mark = mark;
	expect_part(h, n, buf, len, whole->buf, whole_len);
}

Test(buffers, a_buffer_of_any_size_gets_what_it_can_hold_of_a_packet)
{
	static union message whole;
	struct ipq_handle *h;
	ssize_t n;
	int fd;

	NOT_CARRIED(CARRIED_HAS_NO_MARKS);
	network_enter();
	fd = udp_open(AF_INET, 9);
	h = queue_port_9(IPQ_COPY_PACKET);
	udp_say(AF_INET, 9, "a message of some hundred bytes, all of them told apart");
	n = ipq_read(h, whole.buf, sizeof(whole.buf), SOON);
	cr_assert(n > 150 && n < 250);
	for (size_t len = 20; len <= 300; len++)
		read_again(h, &whole, n, len, len % 3 * 5);
	ipq_set_verdict(h, ipq_get_packet(whole.buf)->packet_id, NF_ACCEPT, 0, NULL);
	udp_expect(fd, "a message of some hundred bytes, all of them told apart");
	ipq_destroy_handle(h);
}

Test(buffers, a_short_buffer_gets_the_beginning_of_a_message_without_payload)
{
	static union message whole;
	struct ipq_handle *h;
	ssize_t n;

	NOT_CARRIED(CARRIED_HAS_NO_MARKS);
	network_enter();
	h = queue_port_9(IPQ_COPY_META);
	udp_say(AF_INET, 9, "hello");
	n = ipq_read(h, whole.buf, sizeof(whole.buf), SOON);
	for (size_t len = 20; len <= 300; len++)
		read_again(h, &whole, n, len, len % 2);
	ipq_destroy_handle(h);
}

Test(buffers, a_short_buffer_gets_the_beginning_of_a_large_packet)
{
	static const size_t lens[] = {
		20, 111, 112, 140, 600, 1200, 2048, 4096, 30000, 60000,
	};
	static union message whole;
	static unsigned char data[60000];
	struct ipq_handle *h;
	ssize_t n;
	int fd;

	NOT_CARRIED(CARRIED_HAS_NO_MARKS);
	network_enter();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i % 251;
	fd = udp_open(AF_INET, 0);
	h = queue_port_9(IPQ_COPY_PACKET);
	cr_assert(udp_send(fd, "127.0.0.1", 9, data, sizeof(data)) == sizeof(data));
	n = ipq_read(h, whole.buf, sizeof(whole.buf), SOON);
	cr_assert(n > (ssize_t)sizeof(data));
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		read_again(h, &whole, n, lens[i], 0);
		read_again(h, &whole, n, lens[i], 7);
	}
	for (ssize_t len = n - 8; len <= n + 8; len++)
		read_again(h, &whole, n, len, len % 3);
	ipq_destroy_handle(h);
}

static void refused_mode(struct ipq_handle *h)
{
	ipq_set_mode(h, 3, 0x12345678);
}

static void refused_verdict(struct ipq_handle *h)
{
	ipq_set_verdict(h, 77, NF_ACCEPT, 0, NULL);
}

static void refused_payload(struct ipq_handle *h)
{
	unsigned char payload[41] = "longer than the shortest that replaces";

	ipq_set_verdict(h, 77, NF_ACCEPT, sizeof(payload), payload);
}

Test(buffers, a_buffer_of_any_size_gets_what_it_can_hold_of_an_error)
{
	static void (*const refused[])(struct ipq_handle *) = {
		refused_mode, refused_verdict, refused_payload,
	};
	static unsigned char buf[2000];
	static union message whole;
	struct ipq_handle *h;
	ssize_t n, part;

	network_enter();
	h = queue_port_9(IPQ_COPY_PACKET);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		refused[i](h);
		n = ipq_read(h, whole.buf, sizeof(whole.buf), SOON);
		cr_assert(ipq_message_type(whole.buf) == NLMSG_ERROR);
		for (size_t len = 20; len <= 300; len++) {
			refused[i](h);
			part = read_guarded(h, buf, len);
			expect_part(h, part, buf, len, whole.buf, n);
		}
	}
	ipq_destroy_handle(h);
}

Test(buffers, a_buffer_shorter_than_20_bytes_is_refused_and_nothing_read)
{
	static const size_t lens[] = { 0, 1, 10, 15, 16, 19 };
	static const int timeouts[] = { -1, 0, 300000 };
	struct ipq_handle *h;
	unsigned char buf[20];
	union message m;

	network_enter();
	h = queue_port_9(IPQ_COPY_META);
	udp_say(AF_INET, 9, "hello");
	memset(buf, GUARD, sizeof(buf));
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens) * 3; i++) {
		/* sets another error text */
		cr_assert(!ipq_create_handle(0, PF_UNIX));
		errno = EDOM;
		cr_assert(ipq_read(h, buf, lens[i / 3], timeouts[i % 3]) == -1);
		cr_assert(errno == EDOM);
		cr_assert_str_eq(ipq_errstr(), "Receive buffer size invalid");
	}
	for (size_t i = 0; i < sizeof(buf); i++)
		cr_assert(buf[i] == GUARD);
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), -1) > 0);
	ipq_destroy_handle(h);
}

/* The packet is still in the queue, and the buffer has its id (bytes 16 to 23). */
Test(buffers, a_packet_whose_message_was_truncated_can_be_decided_on)
{
	struct queue_figures f;
	struct ipq_handle *h;
	unsigned char buf[24];
	unsigned long id = 0;
	int fd;

	network_enter();
	fd = udp_open(AF_INET, 9);
	h = queue_port_9(IPQ_COPY_PACKET);
	udp_say(AF_INET, 9, "hello");
	cr_assert(ipq_read(h, buf, sizeof(buf), SOON) == -1);
	cr_assert(queue_silent(h));
	cr_assert(queue_figures(0, &f) && f.waiting == 1);
	memcpy(&id, buf + 16, sizeof(id));
	cr_assert(ipq_set_verdict(h, id, NF_ACCEPT, 0, NULL) == VERDICT_SENT);
	udp_expect(fd, "hello");
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}

/* Programs that ask for no payload have buffers of that size. */
Test(buffers, a_message_without_payload_fits_112_bytes)
{
	unsigned char buf[sizeof(long) == 8 ? 112 : 88];
	struct ipq_handle *h;

	network_enter();
	h = queue_port_9(IPQ_COPY_META);
	udp_say(AF_INET, 9, "hello");
	cr_assert(ipq_read(h, buf, sizeof(buf), SOON) == sizeof(buf));
	cr_assert(ipq_get_packet(buf)->data_len == 0);
	ipq_destroy_handle(h);
}

Test(buffers, without_a_buffer_the_message_is_lost)
{
	static const int timeouts[] = { -1, 0, 300000 };
	static const size_t lens[] = { 20, 112, 2048, 65536 };
	struct ipq_handle *h;
	union message m;

	network_enter();
	h = queue_port_9(IPQ_COPY_PACKET);
	for (size_t i = 0; i < 12; i++) {
		udp_say(AF_INET, 9, "hello");
		errno = 0;
		cr_assert(ipq_read(h, NULL, lens[i / 3], timeouts[i % 3]) == -1);
		cr_assert(errno == EFAULT);
		cr_assert_str_eq(ipq_errstr(), "Failed to receive netlink message");
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), -1) == 0);
		/* the library's guess of where the payload begins is lost, too */
		udp_say(AF_INET, 9, "hello");
		cr_assert(memcmp(queue_packet(h, &m)->payload + 28, "hello", 5) == 0);
	}
	ipq_destroy_handle(h);
}

Test(buffers, a_buffer_that_is_not_aligned_is_as_good)
{
	static union message m;
	static unsigned char buf[1100 + 16];
	struct ipq_handle *h;
	ssize_t n;

	network_enter();
	h = queue_port_9(IPQ_COPY_PACKET);
	for (int offset = 1; offset < 8; offset++) {
		udp_say(AF_INET, 9, "hello");
		n = read_guarded(h, buf + offset, 100 + offset);
		cr_assert(n == -1);
		memcpy(&m, buf + offset, 100 + offset);
		cr_assert(m.nlh.nlmsg_type == IPQM_PACKET);
		cr_assert_str_eq(ipq_get_packet(m.buf)->outdev_name, "lo");

		udp_say(AF_INET, 9, "hello");
		n = ipq_read(h, buf + offset, 1100, SOON);
		cr_assert(ipq_message_type(buf + offset) == IPQM_PACKET);
		cr_assert((unsigned char *)ipq_get_packet(buf + offset) ==
			  buf + offset + 16);
		memcpy(&m, buf + offset, n);
		cr_assert((ssize_t)m.nlh.nlmsg_len == n);
		cr_assert(ipq_get_packet(m.buf)->data_len == 33);
		cr_assert(memcmp(ipq_get_packet(m.buf)->payload + 28, "hello", 5) == 0);

		ipq_set_mode(h, 3, 0);
		ipq_read(h, buf + offset, 1100, SOON);
		cr_assert(ipq_message_type(buf + offset) == NLMSG_ERROR);
		cr_assert(ipq_get_msgerr(buf + offset) == EINVAL);
	}
	ipq_destroy_handle(h);
}

Test(buffers, a_copy_of_the_message_is_as_good_as_the_message)
{
	static union message m, copy;
	struct ipq_handle *h;
	ipq_packet_msg_t *p;
	int fd;

	network_enter();
	fd = udp_open(AF_INET, 9);
	h = queue_port_9(IPQ_COPY_PACKET);
	udp_say(AF_INET, 9, "hello");
	p = queue_packet(h, &m);
	/* as programs do: copy the header, the message and its payload */
	memcpy(&copy, &m, sizeof(struct nlmsghdr) + sizeof(*p) + p->data_len);
	memset(&m, 0, sizeof(m));
	p = ipq_get_packet(copy.buf);
	cr_assert(p->data_len == 33 && memcmp(p->payload + 28, "hello", 5) == 0);
	ipq_set_verdict(h, p->packet_id, NF_ACCEPT, p->data_len, p->payload);
	udp_expect(fd, "hello");
	ipq_destroy_handle(h);
}

/* A read writes the message and nothing else, even if the buffer is longer. */

static union message m;

static ssize_t read_into_pattern(struct ipq_handle *h)
{
	ssize_t n;

	memset(m.buf, GUARD, sizeof(m.buf));
	n = ipq_read(h, m.buf, sizeof(m.buf), SOON);
	cr_assert(n > 0 && n < 60000, "%zd", n);
	for (size_t i = n; i < sizeof(m.buf); i++)
		cr_assert(m.buf[i] == GUARD, "byte %zu is written, behind %zd", i, n);
	return n;
}

static const size_t sizes[] = { 0, 1, 5, 100, 140, 200, 300, 500, 1400, 1401, 9000, 30000 };

Test(buffers, nothing_is_written_behind_an_error)
{
	static unsigned char payload[30000];
	struct ipq_handle *h;

	network_enter();
	h = queue_port_9(IPQ_COPY_PACKET);
	for (int round = 0; round < 3; round++) {
		refused_mode(h);
		read_into_pattern(h);
		refused_verdict(h);
		read_into_pattern(h);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			ipq_set_verdict(h, 77, NF_ACCEPT, sizes[i], payload);
			read_into_pattern(h);
		}
		/* let the library learn where the payload begins */
		for (int n = 0; n < 70; n++) {
			udp_say(AF_INET, 9, "hello");
			ipq_set_verdict(h, queue_packet(h, &m)->packet_id, NF_DROP, 0, NULL);
		}
	}
	ipq_destroy_handle(h);
}

Test(buffers, nothing_is_written_behind_a_packet)
{
	static unsigned char data[30000];
	struct ipq_handle *h;
	ipq_id_t id;
	int fd;

	NOT_CARRIED(CARRIED_HAS_NO_MARKS);
	network_enter();
	fd = udp_open(AF_INET, 0);
	h = queue_port_9(IPQ_COPY_PACKET);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		cr_assert(udp_send(fd, "127.0.0.1", 9, data, sizes[i]) == (ssize_t)sizes[i]);
		read_into_pattern(h);
		/* with a mark, the metadata before the payload are longer */
		for (int n = 0; n < 4; n++) {
			id = ipq_get_packet(m.buf)->packet_id;
			cr_assert(ipq_set_vwmark(h, id, NF_QUEUE, n % 2 ? 0 : 5, 0, NULL) > 0);
			read_into_pattern(h);
			cr_assert(ipq_get_packet(m.buf)->data_len == sizes[i] + 28);
		}
		ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, NF_DROP, 0, NULL);
	}
	ipq_set_mode(h, IPQ_COPY_META, 0);
	udp_say(AF_INET, 9, "hello");
	read_into_pattern(h);
	ipq_destroy_handle(h);
}

/* Returns the end of memory after which there is none that may be used. */
static unsigned char *edge(void)
{
	char *pages = mmap(NULL, 3 * 65536, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(pages != MAP_FAILED && !mprotect(pages + 65536, 2 * 65536, PROT_NONE));
	return (unsigned char *)pages + 65536;
}

Test(buffers, a_message_needs_no_more_memory_than_its_length)
{
	static unsigned char data[9000];
	unsigned char *end = edge();
	struct ipq_handle *h;
	ssize_t n;
	int fd;

	network_enter();
	fd = udp_open(AF_INET, 0);
	h = queue_port_9(IPQ_COPY_PACKET);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes) && sizes[i] <= sizeof(data); i++) {
		size_t len = (sizeof(long) == 8 ? 112 : 88) + sizes[i] + 28;

		len = NLMSG_ALIGN(len);
		for (size_t missing = 0; missing < 2 * len; missing += len / 3 + 1) {
			cr_assert(udp_send(fd, "127.0.0.1", 9, data, sizes[i]) >= 0);
			errno = 0;
			n = ipq_read(h, end - len + missing, 60000, SOON);
			if (missing)
				cr_assert(n == -1 && errno == EFAULT, "%zd, %zu missing", n,
					  missing);
			else
				cr_assert(n == (ssize_t)len, "%zd of %zu, %s", n, len,
					  strerror(errno));
		}
	}
	refused_verdict(h);
	n = sizeof(long) == 8 ? 60 : 48;
	cr_assert(ipq_read(h, end - n, 60000, SOON) == n, "%s", strerror(errno));
	refused_verdict(h);
	cr_assert(ipq_read(h, end - n + 1, 60000, SOON) == -1 && errno == EFAULT);
	cr_assert(queue_silent(h));
	ipq_destroy_handle(h);
}
