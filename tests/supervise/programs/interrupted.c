/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interrupted WAY: accepts two packets that it has sent to itself, with the same system call,
 * which fails for the first one, as the packet's arrival raises a signal meanwhile. WAY is
 * "another": goes on with the second one; "repeated": makes the call for the first one
 * again; "restarted": the kernel repeats this call; "handled": the same, but the signal's
 * handler accepts the second packet; "together": the same, but one call accepts both. Says
 * "done" when each packet has come and no verdict was refused.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>

#include "old.h"

#define ROUNDS 100

static int queue, arrivals;
static union old_message message;

static volatile unsigned long of_handler;	/* the packet that it accepts, or 0 */

static void on_signal(int number)
{
	unsigned long id = of_handler;

	(void)number;
	of_handler = 0;
	if (id)
		old_accept(queue, id);
}

/* The supervisor, which is our parent, does not go on until this program waits again: so
 * the signal is handled before the supervisor can answer. */
static void go_first(void)
{
	const struct sched_param none = { .sched_priority = 0 };
	cpu_set_t all, one;
	int cpu = 0;

	check(!sched_getaffinity(0, sizeof(all), &all));
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	check(!sched_setaffinity(0, sizeof(one), &one));
	check(!sched_setaffinity(getppid(), sizeof(one), &one));
	check(!sched_setscheduler(getppid(), SCHED_IDLE, &none));
}

static void open_arrivals(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(7) };

	arrivals = socket(AF_INET, SOCK_DGRAM, 0);
	check(!bind(arrivals, (struct sockaddr *)&at, sizeof(at)));
	check(!fcntl(arrivals, F_SETOWN, getpid()));
}

static void expect_arrival(void)
{
	struct pollfd p = { .fd = arrivals, .events = POLLIN };
	char text[16];

	check(poll(&p, 1, 5000) == 1 && recv(arrivals, text, sizeof(text), 0) == 5);
}

/* Returns the id of a packet that is queued now. */
static unsigned long next_packet(void)
{
	old_hello();
	return old_read(queue, &message)->packet_id;
}

/* Always the same call, with the same arguments. What is between the members of a request
 * is never the same. */
static bool is_accepted(unsigned long id)
{
	static struct old_request request;
	static int between;
	ssize_t n;

	memset(&request, between++, sizeof(request));
	request.nlh = old_verdict_request(id, NF_ACCEPT, 0).nlh;
	request.body.msg.verdict.value = NF_ACCEPT;
	request.body.msg.verdict.id = id;
	request.body.msg.verdict.data_len = 0;
	n = send(queue, &request, sizeof(request), 0);
	check(n == sizeof(request) || errno == EINTR);
	return n > 0;
}

static bool are_accepted(unsigned long first, unsigned long second)
{
	struct old_request requests[] = {
		old_verdict_request(first, NF_ACCEPT, 0),
		old_verdict_request(second, NF_ACCEPT, 0),
	};
	struct iovec parts[] = {
		{ &requests[0], sizeof(requests[0]) }, { &requests[1], sizeof(requests[1]) },
	};
	struct mmsghdr messages[] = {
		{ .msg_hdr = { .msg_iov = &parts[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &parts[1], .msg_iovlen = 1 } },
	};

	return sendmmsg(queue, messages, 2, 0) == 2;
}

/* Returns whether the call failed. The packet comes nevertheless, and the other one too if
 * it is not 0. */
static bool is_interrupted(unsigned long id, unsigned long other)
{
	bool accepted;

	check(!fcntl(arrivals, F_SETFL, O_ASYNC));
	accepted = other ? are_accepted(id, other) : is_accepted(id);
	check(!fcntl(arrivals, F_SETFL, 0));
	expect_arrival();
	return !accepted;
}

static void expect_no_refusal(void)
{
	check(recv(queue, &message, sizeof(message), MSG_DONTWAIT) == -1 && errno == EAGAIN);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	bool interrupted, repeats, handles, together;
	unsigned long id, other;
	int round = 0;

	old_limit();
	check(argc == 2);
	repeats = !strcmp(argv[1], "repeated");
	handles = !strcmp(argv[1], "handled");
	together = !strcmp(argv[1], "together");
	if (handles || together || !strcmp(argv[1], "restarted"))
		action.sa_flags = SA_RESTART;
	check(!sigaction(SIGIO, &action, NULL));
	go_first();
	open_arrivals();
	queue = old_ready(NETLINK_FIREWALL);
	do {
		check(round++ < ROUNDS);
		id = next_packet();
		other = next_packet();
		of_handler = handles ? other : 0;
		interrupted = is_interrupted(id, together ? other : 0);
		if (interrupted && repeats)
			check(is_accepted(id));
		if (!handles && !together)
			check(is_accepted(other));
		expect_arrival();
		expect_no_refusal();
	} while (!interrupted && !action.sa_flags);
	say("done");
	return 0;
}
