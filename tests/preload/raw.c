/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that use netlink protocol 3 or 13 themselves, with each function for sending
 * and receiving (PROGRAMS 15). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <criterion/criterion.h>

#include "child.h"
#include "network.h"

TestSuite(raw, .timeout = 100);

#define HOOK "hook 3, in '', out 'lo', "

static void serve(int heard, const char *type, const char *bound, const char *receive,
		  const char *send, const char *comes_as)
{
	struct child c;

	child_ready(&c, "raw", "3", type, bound, receive, send);
	udp_say(AF_INET, HEARD, "hello");
	udp_expect(heard, comes_as);
	child_says(&c, HOOK "33 bytes: hello");
	child_ends_well(&c);
}

Test(raw, every_way_of_receiving_gives_the_packet)
{
	static const char *const ways[] = {
		"recv", "recvfrom", "recvmsg", "recvmsg-in-parts", "recvmmsg",
		"recvmmsg-in-time", "read", "readv", "peek", "select", "poll", "epoll",
	};
	int heard = queued_port(AF_INET);

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		serve(heard, "3", "bind", ways[i], "sendto", "hello");
}

Test(raw, every_way_of_sending_gives_the_verdict)
{
	static const char *const ways[] = {
		"send", "sendto", "sendmsg", "sendmmsg", "write",
	};
	int heard = queued_port(AF_INET);

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		serve(heard, "3", "bind", "recv", ways[i], "hello");
}

Test(raw, a_payload_sent_in_parts_replaces_the_packet)
{
	int heard = queued_port(AF_INET);

	serve(heard, "3", "bind", "recv", "sendmsg-in-parts", "Hello");
	serve(heard, "3", "bind", "readv", "writev", "Hello");
}

/* A library does not see the system calls; glibc makes one of readv(2) only. */
Test(raw, at_the_offset_minus_1_is_where_sockets_are_read_and_written)
{
	int heard = queued_port(AF_INET);

	if (!getenv("SUPERVISED"))
		cr_skip_test("the program makes the system calls itself");
	serve(heard, "3", "bind", "preadv2", "pwritev2", "Hello");
}

Test(raw, sockets_of_both_types_with_any_flags_serve_bound_or_not)
{
	static const int kinds[] = { SOCK_RAW, SOCK_DGRAM };
	static const int flags[] = { 0, SOCK_CLOEXEC, SOCK_NONBLOCK,
				     SOCK_CLOEXEC | SOCK_NONBLOCK };
	int heard = queued_port(AF_INET);
	char type[16];

	for (size_t i = 0; i < 8; i++) {
		snprintf(type, sizeof(type), "%d", kinds[i / 4] | flags[i % 4]);
		serve(heard, type, "bind", "poll", "sendto", "hello");
		serve(heard, type, "-", "poll", "sendto", "hello");
	}
}

Test(raw, protocol_13_serves_ipv6)
{
	int heard = queued_port(AF_INET6);
	struct child c;

	for (int i = 0; i < 2; i++) {
		child_ready(&c, "raw", "13", "3", i ? "bind" : "-", "recvmsg-in-parts",
			    "sendmsg-in-parts");
		udp_say(AF_INET6, HEARD, "hello");
		udp_expect(heard, "Hello");
		child_says(&c, HOOK "53 bytes: hello");
		child_ends_well(&c);
	}
}

Test(raw, without_the_library_there_is_no_such_protocol)
{
	struct child c;

	network_enter();
	child_start(&c, NULL, "raw", "3", "3", "bind", "recv", "send", NULL);
	cr_assert(strstr(child_line(&c), "Protocol not supported"));
	cr_assert(child_end(&c) == 1);
}

Test(raw, streams_on_the_socket_are_read_and_written)
{
	int heard = queued_port(AF_INET);
	struct child c;

	child_ready(&c, "streams");
	for (int i = 0; i < 2; i++) {
		udp_say(AF_INET, HEARD, "hello");
		udp_expect(heard, "hello");
	}
	child_says(&c, "done");
	child_ends_well(&c);
}
