/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several handles of one family in a process: each has queue numbers of its own, or
 * cannot be created (FACTS 1). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <linux/netlink.h>

#include <criterion/criterion.h>

#include "kernel.h"
#include "network.h"
#include "queue.h"

TestSuite(several_handles, .timeout = 60);

static struct ipq_handle *make(const char *queue)
{
	setenv("LIBIPQ_QUEUE", queue, 1);
	return ipq_create_handle(0, PF_INET);
}

static struct ipq_handle *open_at(const char *queue)
{
	struct ipq_handle *h = make(queue);

	cr_assert(h, "%s: %s: %s", queue, ipq_errstr(), strerror(errno));
	cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) == MODE_SENT);
	return h;
}

static void expect_refused(const char *queue)
{
	struct ipq_handle *h;

	errno = 0;
	h = make(queue);
	cr_assert(!h && errno == EADDRINUSE, "%s: errno %d", queue, errno);
	cr_assert_str_eq(ipq_errstr(), "Unable to bind netlink socket");
}

/* A packet sent to the queue must come to h, and arrive. */
static void pass(struct ipq_handle *h, int queue)
{
	union message m;
	int heard = udp_open(AF_INET, 5000 + queue);

	run("iptables-legacy -F && iptables-legacy -A OUTPUT -p udp --dport %d "
	    "-j NFQUEUE --queue-num %d", 5000 + queue, queue);
	udp_say(AF_INET, 5000 + queue, "hello");
	ipq_set_verdict(h, queue_packet(h, &m)->packet_id, NF_ACCEPT, 0, NULL);
	udp_expect(heard, "hello");
	close(heard);
}

Test(several_handles, handles_with_a_common_queue_number_are_refused)
{
	struct ipq_handle *h[2];

	network_enter();
	h[0] = open_at("0");
	expect_refused("0");
	h[1] = open_at("7");
	expect_refused("0");
	expect_refused("7");
	pass(h[0], 0);
	pass(h[1], 7);
	ipq_destroy_handle(h[0]);
	ipq_destroy_handle(h[1]);
}

#if __SIZEOF_LONG__ > 4
Test(several_handles, handles_whose_ranges_of_numbers_overlap_are_refused)
{
	static const char *const overlap[] = { "4", "5", "7", "0-4", "7-9", "5-6", "0-65" };
	struct ipq_handle *h[3];

	network_enter();
	h[0] = open_at("4-7");
	for (size_t i = 0; i < sizeof(overlap) / sizeof(*overlap); i++)
		expect_refused(overlap[i]);
	h[1] = open_at("0-3");
	h[2] = open_at("8");
	for (int queue = 0; queue <= 8; queue++)
		pass(h[queue < 4 ? 1 : queue < 8 ? 0 : 2], queue);
	for (int i = 0; i < 3; i++)
		ipq_destroy_handle(h[i]);
}
#endif

Test(several_handles, a_number_in_use_is_refused_also_when_the_first_handle_is_gone)
{
	struct ipq_handle *h[2];

	network_enter();
	h[0] = open_at("0");
	h[1] = open_at("7");
	ipq_destroy_handle(h[0]);
	expect_refused("7");
	h[0] = open_at("0");
	pass(h[0], 0);
	pass(h[1], 7);
	ipq_destroy_handle(h[0]);
	ipq_destroy_handle(h[1]);
}

Test(several_handles, any_handle_can_be_destroyed_and_made_again_at_once)
{
	struct ipq_handle *h[3];
	static const char *const queue[] = { "0", "1", "2" };

	network_enter();
	for (int i = 0; i < 3; i++)
		h[i] = open_at(queue[i]);
	for (int round = 0; round < 30; round++) {
		int i = round * 7 % 3;

		ipq_destroy_handle(h[i]);
		h[i] = open_at(queue[i]);
	}
	for (int i = 0; i < 3; i++) {
		pass(h[i], i);
		ipq_destroy_handle(h[i]);
	}
}

Test(several_handles, ipq_ctl_can_give_handles_different_queue_numbers)
{
	struct ipq_handle *h[2];

	network_enter();
	h[0] = make("0");
	cr_assert(h[0] && ipq_ctl(h[0], IPQ_CTL_SET_QUEUE, 7, 7) == 0);
	h[1] = make("0");
	cr_assert(h[1], "%s", ipq_errstr());
	errno = 0;
	cr_assert(ipq_ctl(h[1], IPQ_CTL_SET_QUEUE, 7, 7) == -1 && errno == EADDRINUSE);
	for (int i = 0; i < 2; i++)
		cr_assert(ipq_set_mode(h[i], IPQ_COPY_META, 0) == MODE_SENT);
	pass(h[0], 7);
	pass(h[1], 0);
	ipq_destroy_handle(h[0]);
	ipq_destroy_handle(h[1]);
}

/* Programs that call close(h->fd) instead of ipq_destroy_handle. */
static void close_only(struct ipq_handle *h)
{
	close(h->fd);
	free(h);
}

Test(several_handles, a_handle_whose_descriptor_alone_was_closed_has_no_number)
{
	struct ipq_handle *h[3];

	network_enter();
	for (int i = 0; i < 3; i++)
		h[i] = open_at((const char *[]) { "0", "1", "2" }[i]);
	/* then the next handle gets the port ID of another */
	ipq_destroy_handle(h[1]);
	close_only(h[2]);
	h[2] = open_at("2");
	pass(h[0], 0);
	pass(h[2], 2);
	ipq_destroy_handle(h[0]);
	ipq_destroy_handle(h[2]);
}

/* As with ip_queue's port ID, which was the process id, in each network
 * namespace separately. */
Test(several_handles, a_port_id_that_is_taken_is_an_error_though_elsewhere_it_is_ours)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	struct ipq_handle *h;
	int other;

	NEEDS_KERNEL(3, 8, "to tell network namespaces apart");
	network_enter();
	h = open_at("0");
	network_enter();
	other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	address.nl_pid = 1040000000 + getpid();
	cr_assert(other >= 0);
	cr_assert(!bind(other, (struct sockaddr *)&address, sizeof(address)));
	expect_refused("7");
	close(other);
	ipq_destroy_handle(open_at("7"));
	ipq_destroy_handle(h);
}

/* The handles are in two network namespaces. They have no batches, for which 32-bit
 * programs lack address space. */
Test(several_handles, a_program_may_have_hundreds_of_handles)
{
	struct ipq_handle *h[300];
	char queue[8];

	unsetenv("LIBIPQ_BATCH");
	network_enter();
	for (int n = 0; n < 300; n++) {
		if (n == 200)
			network_enter();
		snprintf(queue, sizeof(queue), "%d", n);
		setenv("LIBIPQ_QUEUE", queue, 1);
		h[n] = ipq_create_handle(0, n % 2 ? PF_INET6 : PF_INET);
		cr_assert(h[n], "%d: %s", n, strerror(errno));
	}
	expect_refused("298");
	ipq_destroy_handle(h[298]);
	h[298] = open_at("298");
	pass(h[298], 298);
	for (int n = 0; n < 300; n++)
		ipq_destroy_handle(h[n]);
}

#if __SIZEOF_LONG__ > 4
/* The memory of batches is kept when a handle is destroyed, as a closed descriptor may
 * still be used. 32-bit programs have no address space for that many. */
Test(several_handles, many_handles_with_batches_can_be_made_again_and_again)
{
	struct ipq_handle *h[61];
	char queue[8];

	NEEDS_KERNEL(5, 14, "a network namespace cookie (SO_NETNS_COOKIE)");
	setenv("LIBIPQ_BATCH", "2", 1);
	for (int round = 0; round < 3; round++) {
		network_enter();
		for (int n = 0; n < 61; n++) {
			snprintf(queue, sizeof(queue), "%d", n);
			h[n] = open_at(queue);
		}
		pass(h[5], 5);
		for (int n = 0; n < 61; n++)
			ipq_destroy_handle(h[n]);
	}
}
#endif
