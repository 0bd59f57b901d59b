/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a read leaves as it was: all of the program's buffer that is not the message, and
 * the whole buffer if there is no message (FACTS 4). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "pair.h"

TestSuite(untouched, .timeout = 60);

#define PATTERN 0xa5

static union message m;

static ssize_t read_into_pattern(struct ipq_handle *h, int timeout)
{
	ssize_t n;

	memset(m.buf, PATTERN, sizeof(m.buf));
	n = ipq_read(h, m.buf, sizeof(m.buf), timeout);
	for (size_t i = n > 0 ? n : 0; i < sizeof(m.buf); i++)
		cr_assert(m.buf[i] == PATTERN, "byte %zu is written, of %zd", i, n);
	return n;
}

static void read_packet(struct ipq_handle *h)
{
	cr_assert(read_into_pattern(h, SOON) > 0 && ipq_message_type(m.buf) == IPQM_PACKET);
	cr_assert(ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, NF_DROP, 0, NULL) ==
		  VERDICT_SENT);
}

static void ignore(int signal)
{
	(void)signal;
}

/* In each way that there is of not getting a message. */
static void read_nothing(struct ipq_handle *h)
{
	struct sigaction action = { .sa_handler = ignore };
	/* again and again, as the first signal may come before the read waits */
	struct itimerval soon = { { 0, 20000 }, { 0, 20000 } }, never = { 0 };
	int flags = fcntl(h->fd, F_GETFL);

	cr_assert(read_into_pattern(h, -1) == 0);
	cr_assert(read_into_pattern(h, 1000) == 0);
	cr_assert(!fcntl(h->fd, F_SETFL, flags | O_NONBLOCK));
	cr_assert(read_into_pattern(h, 0) == -1 && errno == EAGAIN);
	cr_assert(!fcntl(h->fd, F_SETFL, flags));
	cr_assert(!sigaction(SIGALRM, &action, NULL) && !setitimer(ITIMER_REAL, &soon, NULL));
	cr_assert(read_into_pattern(h, 0) == -1 && errno == EINTR, "%s", strerror(errno));
	cr_assert(!setitimer(ITIMER_REAL, &never, NULL));
}

static const size_t sizes[] = { 0, 1, 60, 150, 300, 1400, 1401, 1402, 1403, 9000 };
#define SIZES (sizeof(sizes) / sizeof(*sizes))

static struct ipq_handle *open_handle(int *to)
{
	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	run("ip6tables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	*to = udp_open(AF_INET, 0);
	return queue_open(PF_INET, IPQ_COPY_PACKET, 0);
}

static void send_bytes(int to, size_t len)
{
	static unsigned char data[9000];

	cr_assert(udp_send(to, "127.0.0.1", 9, data, len) == (ssize_t)len);
}

/* As many as it takes until payload is received where it is to stand, and more. */
Test(untouched, nothing_behind_any_of_many_packets_is_written)
{
	struct ipq_handle *h;
	int to;

	h = open_handle(&to);
	for (int n = 0; n < 40; n++)
		for (size_t i = 0; i < SIZES; i++) {
			send_bytes(to, sizes[i]);
			read_packet(h);
		}
	ipq_set_mode(h, IPQ_COPY_META, 0);
	for (int n = 0; n < 40; n++) {
		send_bytes(to, 1400);
		read_packet(h);
	}
	ipq_destroy_handle(h);
}

/* Several at once are received another way, where LIBIPQ_BATCH has it so. */
Test(untouched, nothing_behind_packets_and_errors_that_wait_together_is_written)
{
	struct ipq_handle *h;
	int to;

	h = open_handle(&to);
	for (int n = 0; n < 10; n++) {
		for (size_t i = 0; i < SIZES; i++) {
			send_bytes(to, sizes[i]);
			ipq_set_verdict(h, 4000000000u, NF_ACCEPT, 0, NULL);
		}
		for (size_t i = 0; i < 2 * SIZES; i++) {
			cr_assert(read_into_pattern(h, SOON) > 0);
			if (ipq_message_type(m.buf) == IPQM_PACKET)
				ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, NF_DROP,
						0, NULL);
		}
	}
	cr_assert(read_into_pattern(h, -1) == 0);
	ipq_destroy_handle(h);
}

/* The payload in the kernel's answer begins farther behind than that of packets, of which
 * many come first. */
Test(untouched, nothing_behind_an_error_with_payload_is_written_whatever_came_before_it)
{
	static unsigned char payload[300];
	struct ipq_handle *h;
	int to;

	h = open_handle(&to);
	for (int n = 0; n < 100; n++) {
		send_bytes(to, 1400);
		read_packet(h);
	}
	for (int n = 0; n < 90; n++)
		send_bytes(to, 300);
	cr_assert(ipq_set_verdict(h, 4000000000u, NF_ACCEPT, sizeof(payload), payload) > 0);
	for (int n = 0; n < 90; n++)
		read_packet(h);
	cr_assert(read_into_pattern(h, SOON) > 0 && ipq_message_type(m.buf) == NLMSG_ERROR);
	ipq_destroy_handle(h);
}

Test(untouched, a_read_that_gives_nothing_changes_nothing)
{
	struct ipq_handle *h;
	int to;

	NOT_CARRIED("the old library's ipq_read selects, and is not ended by that signal");
	h = open_handle(&to);
	read_nothing(h);
	for (int n = 0; n < 100; n++) {
		send_bytes(to, 1400);
		read_packet(h);
	}
	read_nothing(h);
	ipq_destroy_handle(h);
}

/* The first of them are received, and dropped; the others are a mover's. */
Test(untouched, a_read_that_finds_packets_of_the_other_family_changes_nothing)
{
	struct ipq_handle *h;
	int to;

	NOT_CARRIED(CARRIED_SELECTS);
	h = open_handle(&to);
	for (int n = 0; n < 20; n++) {
		udp_say(AF_INET6, 9, "dropped");
		cr_assert(read_into_pattern(h, n % 2 ? -1 : 1000) == 0);
		udp_say(AF_INET6, 9, "dropped");
		read_nothing(h);
	}
	ipq_destroy_handle(h);
}

Test(untouched, nothing_behind_packets_that_a_mover_has_moved_is_written)
{
	NOT_CARRIED(CARRIED_SELECTS);
	pair_network("QUEUE");
	pair_open(0);
	for (int n = 0; n < 100; n++) {
		pair_say(n % 2, "hello");
		read_packet(pair[n % 2]);
		cr_assert(read_into_pattern(pair[n % 2], -1) == 0);
		cr_assert(read_into_pattern(pair[!(n % 2)], -1) == 0);
	}
	pair_close_both();
}
