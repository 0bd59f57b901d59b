/* SPDX-License-Identifier: GPL-2.0-or-later */
/* To old programs the struct was the whole handle: they copy it, move it, or fill in one
 * themselves (FACTS 1). */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "network.h"
#include "process.h"
#include "queue.h"

TestSuite(handle_copies, .timeout = 60);

static int heard;

static struct ipq_handle *open_here(void)
{
	struct ipq_handle *h;

	network_enter();
	heard = udp_open(AF_INET, 5000);
	run("iptables-legacy -A OUTPUT -p udp --dport 5000 -j QUEUE");
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h);
	return h;
}

static void pass(struct ipq_handle *h, int timeout)
{
	union message m;

	udp_say(AF_INET, 5000, "hello");
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), timeout) > 0, "%s", ipq_errstr());
	cr_assert(ipq_message_type(m.buf) == IPQM_PACKET);
	cr_assert(ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, NF_ACCEPT, 0, NULL) ==
		  VERDICT_SENT);
	udp_expect(heard, "hello");
}

Test(handle_copies, a_copy_serves_as_the_handle_does)
{
	struct ipq_handle *h = open_here(), copy = *h;

	cr_assert(ipq_set_mode(&copy, IPQ_COPY_PACKET, 0) == MODE_SENT);
	for (int i = 0; i < 20; i++) {
		pass(i % 3 ? &copy : h, 0);
		pass(&copy, 1000000);
		pass(&copy, -1);
	}
	cr_assert(ipq_set_mode(&copy, 77, 0) == MODE_SENT);
	cr_assert(queue_error(&copy) == EINVAL);
	ipq_destroy_handle(h);
}

Test(handle_copies, copies_of_two_handles_are_two)
{
	struct ipq_handle *h[2], copy[2];
	union message m;
	int heard6;

	h[0] = open_here();
	heard6 = udp_open(AF_INET6, 5000);
	run("ip6tables-legacy -A OUTPUT -p udp --dport 5000 -j NFQUEUE --queue-num 1");
	setenv("LIBIPQ_QUEUE6", "1", 1);
	h[1] = ipq_create_handle(0, PF_INET6);
	cr_assert(h[1]);
	for (int i = 0; i < 2; i++) {
		copy[i] = *h[i];
		cr_assert(ipq_set_mode(&copy[i], IPQ_COPY_META, 0) == MODE_SENT);
	}
	udp_say(AF_INET6, 5000, "six");
	pass(&copy[0], 0);
	ipq_set_verdict(&copy[1], queue_packet(&copy[1], &m)->packet_id, NF_ACCEPT, 0, NULL);
	udp_expect(heard6, "six");
	for (int i = 0; i < 2; i++)
		ipq_destroy_handle(h[i]);
}

Test(handle_copies, a_struct_that_the_program_fills_serves)
{
	struct ipq_handle *h = open_here(), own;

	memset(&own, 0, sizeof(own));
	own.fd = h->fd;
	own.local.nl_family = AF_NETLINK;
	own.local.nl_pid = getpid();
	own.peer.nl_family = AF_NETLINK;
	cr_assert(ipq_set_mode(&own, IPQ_COPY_META, 0) == MODE_SENT);
	pass(&own, 0);
	ipq_destroy_handle(h);
}

Test(handle_copies, a_copy_with_a_duplicate_goes_on_when_the_handle_is_destroyed)
{
	struct ipq_handle *h = open_here(), copy = *h;

	cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) == MODE_SENT);
	pass(h, 0);
	copy.fd = dup(h->fd);
	cr_assert(copy.fd >= 0);
	pass(&copy, 0);
	ipq_destroy_handle(h);
	for (int i = 0; i < 3; i++)
		pass(&copy, 0);
	close(copy.fd);
}

Test(handle_copies, an_allocated_copy_may_be_destroyed_in_place_of_the_handle)
{
	struct ipq_handle *h = open_here(), *copy = malloc(sizeof(*copy));
	int before = open_descriptors();

	cr_assert(copy);
	*copy = *h;
	free(h);
	cr_assert(ipq_set_mode(copy, IPQ_COPY_META, 0) == MODE_SENT);
	pass(copy, 0);
	ipq_destroy_handle(copy);
	cr_assert(open_descriptors() == before - 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	pass(h, 0);
	ipq_destroy_handle(h);
}

Test(handle_copies, a_handle_may_have_its_descriptor_moved)
{
	struct ipq_handle *h = open_here();

	cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) == MODE_SENT);
	for (int to = 100; to < 2000; to += 950) {
		cr_assert(dup2(h->fd, to) == to && !close(h->fd));
		h->fd = to;
		pass(h, 0);
		pass(h, 1000000);
	}
	ipq_destroy_handle(h);
}

static void expect_error(int result, const char *text, int error)
{
	cr_assert(result == -1 && errno == error, "%s: %d: %s", text, result, strerror(errno));
	cr_assert_str_eq(ipq_errstr(), text);
	errno = 0;
}

static void expect_no_handle(struct ipq_handle *h, int error)
{
	union message m;
	uint64_t n;

	errno = 0;
	expect_error(ipq_set_mode(h, IPQ_COPY_META, 0), "Failed to send netlink message", error);
	expect_error(ipq_set_verdict(h, 1, NF_ACCEPT, 0, NULL), "Failed to send netlink message",
		     error);
	for (int timeout = -1; timeout < 2; timeout++)
		expect_error(ipq_read(h, m.buf, sizeof(m.buf), timeout),
			     "Failed to receive netlink message", error);
	cr_assert(ipq_ctl(h, 1) == 1);
	/* a libipq that is inside the program does not know this request */
	if (ipq_ctl(h, IPQ_CTL_GET_DELIVERED, &n) != 1)
		expect_error(ipq_ctl(h, IPQ_CTL_GET_DELIVERED, &n), "Operation not supported",
			     error);
}

Test(handle_copies, a_struct_that_stands_for_no_handle_gets_the_old_errors)
{
	struct ipq_handle *h = open_here(), copy = *h;
	int ends[2];

	cr_assert(!pipe(ends));
	copy.fd = -1;
	expect_no_handle(&copy, EBADF);
	copy.fd = 1000000;
	expect_no_handle(&copy, EBADF);
	copy.fd = ends[0];
	expect_no_handle(&copy, ENOTSOCK);
	copy.fd = h->fd;
	ipq_destroy_handle(h);
	expect_no_handle(&copy, EBADF);
}
