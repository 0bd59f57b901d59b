/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6 handles of one program that mean the same queue number. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "network.h"
#include "process.h"
#include "queue.h"
#include "reader.h"

TestSuite(families, .timeout = 60);

static union message message;
static int heard[2];

static int family_of(int i)
{
	return i ? AF_INET6 : AF_INET;
}

/* UDP to port 9 of both families is queued to number 0. */
static void queue_both(void)
{
	network_enter();
	for (int i = 0; i < 2; i++) {
		heard[i] = udp_open(family_of(i), 9);
		run("ip%stables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE", i ? "6" : "");
	}
}

/* The next message of h must be a packet that ends with text; it is let go and
 * must arrive. */
static void expect_packet(struct ipq_handle *h, int i, const char *text)
{
	ipq_packet_msg_t *p = queue_packet(h, &message);
	size_t len = strlen(text);

	cr_assert(p->payload[0] >> 4 == (i ? 6 : 4));
	cr_assert(p->data_len >= len && !memcmp(p->payload + p->data_len - len, text, len));
	cr_assert(ipq_set_verdict(h, p->packet_id, NF_ACCEPT, 0, NULL) == VERDICT_SENT);
	udp_expect(heard[i], text);
}

/* A program that selects, then reads blocking whatever is ready; until it has seen
 * count packets of each. Returns how many messages were none. */
static unsigned int select_loop(struct ipq_handle *const h[2], int count)
{
	struct pollfd fds[2] = {
		{ .fd = h[0]->fd, .events = POLLIN },
		{ .fd = h[1]->fd, .events = POLLIN },
	};
	int seen[2] = { 0, 0 };
	unsigned int noops = 0;

	while (seen[0] < count || seen[1] < count) {
		cr_assert(poll(fds, 2, DEADLINE) > 0, "%d and %d packets", seen[0], seen[1]);
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (!fds[i].revents)
				continue;
			n = ipq_read(h[i], message.buf, sizeof(message.buf), 0);
			cr_assert(n > 0, "%s", ipq_errstr());
			if (ipq_message_type(message.buf) == NLMSG_NOOP) {
				cr_assert(n == NLMSG_HDRLEN && message.nlh.nlmsg_len == NLMSG_HDRLEN);
				noops++;
				continue;
			}
			cr_assert(ipq_message_type(message.buf) == IPQM_PACKET);
			cr_assert(ipq_get_packet(message.buf)->payload[0] >> 4 == (i ? 6 : 4));
			ipq_set_verdict(h[i], ipq_get_packet(message.buf)->packet_id,
					NF_ACCEPT, 0, NULL);
			seen[i]++;
		}
	}
	return noops;
}

/* A descriptor that is ready is read blocking: what comes is of the type. */
static void read_from_poll(struct ipq_handle *h, int type)
{
	struct pollfd fd = { .fd = h->fd, .events = POLLIN };

	cr_assert(poll(&fd, 1, DEADLINE) == 1);
	alarm(DEADLINE / 1000);
	cr_assert(ipq_read(h, message.buf, sizeof(message.buf), 0) > 0);
	alarm(0);
	cr_assert(ipq_message_type(message.buf) == type, "%d", message.nlh.nlmsg_type);
}

Test(families, one_loop_that_selects_and_reads_blocking_serves_both)
{
	for (int first = 0; first < 2; first++) {
		struct ipq_handle *h[2];

		queue_both();
		h[first] = queue_open(family_of(first), IPQ_COPY_PACKET, 0);
		h[!first] = queue_open(family_of(!first), IPQ_COPY_PACKET, 0);
		for (int n = 0; n < 10; n++) {
			udp_say(AF_INET6, 9, "six");
			udp_say(AF_INET, 9, "four");
		}
		select_loop(h, 10);
		for (int n = 0; n < 10; n++) {
			udp_expect(heard[0], "four");
			udp_expect(heard[1], "six");
		}
		udp_say(family_of(!first), 9, "alone");
		read_from_poll(h[first], NLMSG_NOOP);
		read_from_poll(h[!first], IPQM_PACKET);
		cr_assert(queue_silent(h[first]) && queue_silent(h[!first]));
		ipq_destroy_handle(h[0]);
		ipq_destroy_handle(h[1]);
	}
}

Test(families, either_may_go_and_come_again)
{
	struct ipq_handle *h[2];

	queue_both();
	h[0] = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	h[1] = queue_open(PF_INET6, IPQ_COPY_PACKET, 0);
	for (int round = 0; round < 20; round++) {
		int gone = round / 2 % 2, stays = !gone;
		struct pollfd fd = { .fd = h[gone]->fd, .events = POLLIN };

		/* one that waits in the socket of the one that goes */
		udp_say(family_of(stays), 9, "waits");
		cr_assert(poll(&fd, 1, 100) >= 0);
		ipq_destroy_handle(h[gone]);
		expect_packet(h[stays], stays, "waits");
		udp_say(family_of(stays), 9, "one");
		expect_packet(h[stays], stays, "one");
		h[gone] = queue_open(family_of(gone), IPQ_COPY_PACKET, 0);
		udp_say(AF_INET, 9, "two");
		udp_say(AF_INET6, 9, "two");
		cr_assert(select_loop(h, 1) <= 2);
		udp_expect(heard[0], "two");
		udp_expect(heard[1], "two");
	}
}

Test(families, a_read_that_has_begun_to_wait_goes_on_waiting)
{
	static struct reader r;
	struct ipq_handle *h[2];

	queue_both();
	h[0] = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	reader_start(&r, h[0], 0);
	h[1] = queue_open(PF_INET6, IPQ_COPY_PACKET, 0);
	for (int i = 0; i < 10; i++) {
		udp_say(AF_INET6, 9, "six");
		cr_assert(reader_waits(&r));
		expect_packet(h[1], 1, "six");
	}
	udp_say(AF_INET, 9, "four");
	reader_end(&r);
	cr_assert(r.n > 0 && r.m.nlh.nlmsg_type == IPQM_PACKET);
}
