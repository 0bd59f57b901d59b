/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts whose payload cannot be sent, or comes back with a refusal (FACTS 5). */
#include <string.h>
#include <sys/mman.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "queue.h"

TestSuite(payload_limits, .timeout = 60);

static struct ipq_handle *handle;
static int to;
static unsigned char data[300000];

static ipq_id_t queue_hello(void)
{
	static union message m;

	udp_say(AF_INET, 9, "hello");
	return queue_packet(handle, &m)->packet_id;
}

static void queue_port_9(void)
{
	to = udp_open(AF_INET, 9);
	run("iptables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	handle = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = 1 + i % 251;
}

static void decide(ipq_id_t id, unsigned int verdict, size_t len)
{
	int sent = ipq_set_verdict(handle, id, verdict, len, data);

	cr_assert(sent == VERDICT_SENT + (int)len, "%d: %s", sent, ipq_errstr());
}

/* The packet must wait unchanged, and there may be no error message. */
static void expect_unharmed(ipq_id_t id)
{
	struct queue_figures f;

	cr_assert(queue_figures(0, &f) && f.waiting == 1);
	cr_assert(queue_silent(handle));
	cr_assert(ipq_set_verdict(handle, id, NF_ACCEPT, 0, NULL) == VERDICT_SENT);
	udp_expect(to, "hello");
}

static void expect_not_sent(ipq_id_t id, size_t len, unsigned char *buf, int error)
{
	ipq_read(handle, NULL, 0, 0);	/* sets another error text */
	errno = 0;
	cr_assert(ipq_set_verdict(handle, id, NF_ACCEPT, len, buf) == -1, "%zu", len);
	cr_assert(errno == error, "%zu: %s", len, strerror(errno));
	cr_assert_str_eq(ipq_errstr(), "Failed to send netlink message");
}

/* The length of an attribute has 16 bits and includes 4 bytes of header. */
Test(payload_limits, what_the_kernel_cannot_take_is_an_error_and_the_packet_stays)
{
	ipq_id_t id;

	network_enter();
	queue_port_9();
	id = queue_hello();
	for (size_t len = 65532; len <= 65535; len++)
		expect_not_sent(id, len, data, EMSGSIZE);
	expect_unharmed(id);
	ipq_destroy_handle(handle);
}

Test(payload_limits, what_the_send_buffer_cannot_hold_is_an_error_and_the_packet_stays)
{
	static const int sndbufs[] = { 100000, 10000 };
	socklen_t len = sizeof(int);
	ipq_id_t id;
	int sndbuf;

	network_enter();
	queue_port_9();
	id = queue_hello();
	for (size_t i = 0; i < sizeof(sndbufs) / sizeof(*sndbufs); i++) {
		cr_assert(!setsockopt(handle->fd, SOL_SOCKET, SO_SNDBUF, &sndbufs[i],
				      len));
		cr_assert(!getsockopt(handle->fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, &len));
		expect_not_sent(id, sndbuf, data, EMSGSIZE);
		expect_not_sent(id, sizeof(data), data, EMSGSIZE);
	}
	/* with any verdict */
	errno = 0;
	cr_assert(ipq_set_verdict(handle, id, 6, sizeof(data), data) == -1);
	cr_assert(errno == EMSGSIZE);
	cr_assert(sndbuf < 65531);
	expect_not_sent(id, 65531, data, EMSGSIZE);
	expect_unharmed(id);
	ipq_destroy_handle(handle);
}

Test(payload_limits, a_bad_pointer_is_an_error_and_the_packet_stays)
{
	static const size_t lens[] = { 1, 19, 20, 33, 4096, 65531 };
	unsigned char *nowhere = mmap(NULL, 70000, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ipq_id_t id;

	network_enter();
	cr_assert(nowhere != MAP_FAILED);
	queue_port_9();
	id = queue_hello();
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++)
		expect_not_sent(id, lens[i], nowhere, EFAULT);
	expect_unharmed(id);
	munmap(nowhere, 70000);
	ipq_destroy_handle(handle);
}

/* No IP packet can have that length, so ip_queue could not build one. */
Test(payload_limits, more_than_65535_bytes_drop_the_packet_without_a_word)
{
	static const size_t lens[] = { 65536, 65537, 70000, 150000 };
	struct queue_figures f;
	char heard[16];
	ipq_id_t id;

	network_enter();
	queue_port_9();
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		id = queue_hello();
		decide(id, NF_ACCEPT, lens[i]);
		cr_assert(queue_silent(handle));
		cr_assert(queue_figures(0, &f) && f.waiting == 0);
		cr_assert(udp_hear(to, heard, sizeof(heard), 0) == -1);
		decide(id, NF_ACCEPT, 0);
		cr_assert(queue_error(handle) == ENOENT);
	}
	ipq_destroy_handle(handle);
}

/* nlmsg_len is the exact length of the message; ipq_read returns it rounded up to
 * a multiple of 4. */
Test(payload_limits, a_refusal_brings_the_payload_back)
{
	static const size_t lens[] = {
		1, 2, 3, 4, 5, 8, 19, 20, 21, 22, 23, 24, 38, 100, 400, 500, 501, 1000,
		65528, 65529, 65530, 65531,
	};
	static const struct {
		unsigned int verdict;
		bool known;		/* the id */
		int error;
	} refused[] = {
		{ NF_ACCEPT, false, ENOENT },
		{ NF_STOLEN, true, EINVAL },
		{ 0x10001, false, EINVAL },
	};
	ipq_id_t id;

	network_enter();
	queue_port_9();
	id = queue_hello();
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++)
		for (size_t j = 0; j < sizeof(refused) / sizeof(*refused); j++) {
			unsigned long body[] = {
				refused[j].verdict, refused[j].known ? id : 77, lens[i],
			};

			decide(body[1], refused[j].verdict, lens[i]);
			queue_refusal(handle, refused[j].error, IPQM_VERDICT, body, data,
				      lens[i]);
		}
	expect_unharmed(id);
	ipq_destroy_handle(handle);
}

Test(payload_limits, a_refused_verdict_with_a_mark_comes_back_with_its_payload)
{
	unsigned long body[] = { NF_STOLEN, 77, 33 };

	NOT_CARRIED(CARRIED_HAS_NO_MARKS);
	network_enter();
	queue_port_9();
	cr_assert(ipq_set_vwmark(handle, 77, NF_STOLEN, 5, 33, data) ==
		  VERDICT_SENT + 33);
	queue_refusal(handle, EINVAL, IPQM_VERDICT, body, data, 33);
	body[0] = NF_DROP;
	cr_assert(ipq_set_vwmark(handle, 77, NF_DROP, 5, 33, data) ==
		  VERDICT_SENT + 33);
	queue_refusal(handle, ENOENT, IPQM_VERDICT, body, data, 33);
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

Test(payload_limits, a_payload_that_would_drop_is_refused_like_another)
{
	network_enter();
	queue_port_9();
	decide(77, NF_ACCEPT, 66000);
	cr_assert(queue_error(handle) == ENOENT);
	decide(77, NF_STOLEN, 66000);
	cr_assert(queue_error(handle) == EINVAL);
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

/* Nothing of the payload is read. */
Test(payload_limits, a_length_that_no_message_can_have_is_not_sent)
{
	ipq_id_t id;

	NOT_CARRIED("sendmsg(2) has another error for lengths below 0");
	network_enter();
	queue_port_9();
	id = queue_hello();
	expect_not_sent(id, (size_t)INT32_MAX + 1, data, EMSGSIZE);
	expect_not_sent(id, SIZE_MAX, data, EMSGSIZE);
	expect_unharmed(id);
	ipq_destroy_handle(handle);
}
