/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each call of the library to the C library fails in turn, or no descriptors are left.
 * The function must return the documented error or succeed; it leaves nothing behind, and
 * works as soon as the calls succeed again. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "inject.h"
#include "network.h"
#include "peer.h"
#include "process.h"
#include "queue.h"
#include "traffic.h"

TestSuite(exhaustion, .timeout = 60);

/* Far more calls than any function of the library makes. */
#define CALLS_MAX 200

/* The result of an operation of which one call has failed. */
struct outcome {
	/* The function that failed; NULL if fewer calls were made. */
	const char *failed;
	bool done;
	int error;
	const char *text;
	long kept;
};

/* The operations. Each returns whether it succeeded. */
static bool create(void)
{
	peer = ipq_create_handle(0, PF_INET);
	return peer;
}

static bool set_mode(void)
{
	return ipq_set_mode(peer, IPQ_COPY_PACKET, 0) == MODE_SENT;
}

static union message received;

static bool read_at_once(void)
{
	return ipq_read(peer, received.buf, sizeof(received.buf), -1) > 0;
}

static bool read_endlessly(void)
{
	return ipq_read(peer, received.buf, sizeof(received.buf), 0) > 0;
}

static bool read_for_a_while(void)
{
	return ipq_read(peer, received.buf, sizeof(received.buf), SOON) > 0;
}

/* The buffer is smaller than a packet may need, so the message is received
 * in another way. */
static bool read_little(void)
{
	return ipq_read(peer, received.buf, 1000, -1) > 0;
}

static bool set_verdict(void)
{
	ipq_id_t id = ipq_get_packet(received.buf)->packet_id;

	return ipq_set_verdict(peer, id, NF_ACCEPT, 0, NULL) == VERDICT_SENT;
}

static bool replace(void)
{
	ipq_packet_msg_t *p = ipq_get_packet(received.buf);

	return ipq_set_verdict(peer, p->packet_id, NF_ACCEPT, p->data_len, p->payload) ==
	       (ssize_t)(VERDICT_SENT + p->data_len);
}

static bool destroy(void)
{
	return ipq_destroy_handle(peer) == 0;
}

/* Runs the operation with its nth call failing. */
static struct outcome attempt(bool (*operation)(void), unsigned int n, int error)
{
	struct outcome o = { 0 };

	/* sets "Receive buffer size invalid", so that a text set by the
	 * operation shows */
	ipq_read(peer, NULL, 0, 0);
	errno = 0;
	inject_begin(n, error);
	o.done = operation();
	o.error = errno;
	o.text = ipq_errstr();
	o.kept = inject_kept();
	o.failed = inject_end();
	return o;
}

/* If the operation failed, it must return the injected error and set the error text; if
 * it succeeded, it must change neither errno nor the text. */
static void assert_told(const struct outcome *o, unsigned int n, int error,
			const char *text)
{
	cr_assert(o->error == (o->done ? 0 : error), "call %u, %s: errno %d", n,
		  o->failed, o->error);
	cr_assert(!strcmp(o->text, o->done ? "Receive buffer size invalid" : text),
		  "call %u, %s: \"%s\"", n, o->failed, o->text);
}

static struct outcome attempt_create(unsigned int n, int error)
{
	int before = open_descriptors();
	struct outcome o = attempt(create, n, error);

	/* struct ipq_handle, which the program sees, and the library's own data for it */
	cr_assert(o.kept == (o.done ? 2 : 0), "call %u, %s: %ld pieces of memory", n,
		  o.failed, o.kept);
	cr_assert(open_descriptors() == before + (o.done ? 1 : 0), "call %u, %s", n,
		  o.failed);
	return o;
}

/* Returns the error text that ipq_create_handle sets if the function has failed. */
static const char *create_text(const char *failed)
{
	return !failed ? NULL : !strcmp(failed, "calloc") ?
	       "Unable to create netlink handle" : "Unable to create netlink socket";
}

/* Passes one packet from sender to receiver. */
static void assert_works(void)
{
	unsigned long before = traffic_arrived(0);

	traffic_send(1);
	cr_assert(read_endlessly() && ipq_message_type(received.buf) == IPQM_PACKET);
	cr_assert_str_eq(ipq_get_packet(received.buf)->outdev_name, "lo");
	cr_assert(set_verdict());
	cr_assert(ipq_read(peer, received.buf, sizeof(received.buf), -1) == 0);
	cr_assert(traffic_arrived(before + 1) == before + 1);
}

Test(exhaustion, a_handle_is_made_or_fails_without_a_trace)
{
	static const int errors[] = { ENOMEM, EMFILE, ENOBUFS };
	unsigned int failures = 0, n = 0;
	struct outcome o;

	network_enter();
	traffic_watch();
	do {
		int error = errors[++n % 3];

		cr_assert(n < CALLS_MAX);
		o = attempt_create(n, error);
		assert_told(&o, n, error, create_text(o.failed));
		failures += !o.done;
		if (!o.done)
			cr_assert(create());
		cr_assert(set_mode());
		assert_works();
		destroy();
	} while (o.failed);
	/* at least calloc, socket, bind and connect */
	cr_assert(failures >= 4, "%u failures", failures);
}

Test(exhaustion, a_mode_is_set_or_fails_and_can_be_set_again)
{
	unsigned int failures = 0, n = 0;
	struct queue_figures f;
	struct outcome o;

	network_enter();
	traffic_watch();
	do {
		int before;

		cr_assert(++n < CALLS_MAX);
		cr_assert(create());
		before = open_descriptors();
		o = attempt(set_mode, n, ENOBUFS);
		cr_assert(o.kept == 0, "call %u, %s: %ld pieces of memory", n, o.failed,
			  o.kept);
		cr_assert(open_descriptors() == before);
		assert_told(&o, n, ENOBUFS, "Failed to send netlink message");
		failures += !o.done;
		if (!o.done) {
			cr_assert(!queue_figures(0, &f));
			cr_assert(set_mode());
		}
		cr_assert(!read_at_once());
		cr_assert(queue_figures(0, &f) && f.mode == IPQ_COPY_PACKET);
		assert_works();
		destroy();
	} while (o.failed);
	cr_assert(failures == 1, "%u failures", failures);
}

Test(exhaustion, a_queue_of_another_is_refused_once_all_the_same)
{
	struct process owner;
	struct outcome o;
	unsigned int n = 0;

	network_enter();
	owner = process_start();
	cr_assert(process_do(&owner, peer_open, PF_INET));
	cr_assert(process_do(&owner, peer_mode, IPQ_COPY_META) == MODE_SENT);
	do {
		cr_assert(++n < CALLS_MAX);
		cr_assert(create());
		o = attempt(set_mode, n, ENOBUFS);
		assert_told(&o, n, ENOBUFS, "Failed to send netlink message");
		cr_assert(o.kept == 0);
		if (!o.done)
			cr_assert(set_mode());
		cr_assert(read_at_once(), "call %u: %s", n, o.failed);
		cr_assert(ipq_message_type(received.buf) == NLMSG_ERROR);
		cr_assert(ipq_get_msgerr(received.buf) == EBUSY, "call %u: %s: %d", n,
			  o.failed, ipq_get_msgerr(received.buf));
		cr_assert(!read_at_once(), "call %u, %s: another message: %d", n,
			  o.failed, ipq_get_msgerr(received.buf));
		destroy();
	} while (o.failed);
	process_end(&owner);
}

Test(exhaustion, a_queue_that_a_child_claimed_for_us_is_ours_all_the_same)
{
	struct outcome o;
	unsigned int n = 0;

	network_enter();
	traffic_watch();
	do {
		struct process child;

		cr_assert(++n < CALLS_MAX);
		cr_assert(create());
		child = process_start();
		cr_assert(process_do(&child, peer_mode, IPQ_COPY_META) == MODE_SENT);
		o = attempt(set_mode, n, ENOBUFS);
		assert_told(&o, n, ENOBUFS, "Failed to send netlink message");
		if (!o.done)
			cr_assert(set_mode());
		cr_assert(!read_at_once(), "call %u, %s: a message: %d", n, o.failed,
			  ipq_get_msgerr(received.buf));
		assert_works();
		process_end(&child);
		destroy();
	} while (o.failed);
}

/* A packet is read, with or without the name of its interface, or it
 * stays in the queue. */
static void lose_none(bool (*operation)(void), unsigned int at_least)
{
	unsigned int failures = 0, n = 0;
	struct outcome o;

	network_enter();
	traffic_watch();
	do {
		cr_assert(++n < CALLS_MAX);
		/* a new handle, which has no names of interfaces in its table yet */
		cr_assert(create() && set_mode());
		traffic_send(1);
		o = attempt(operation, n, ENOMEM);
		cr_assert(o.kept == 0);
		assert_told(&o, n, ENOMEM, "Failed to receive netlink message");
		failures += !o.done;
		if (!o.done)
			cr_assert(operation());
		cr_assert(ipq_message_type(received.buf) == IPQM_PACKET);
		cr_assert(ipq_get_packet(received.buf)->data_len == 33);
		cr_assert(set_verdict());
		cr_assert(!read_at_once());
		cr_assert(traffic_arrived(n) == n);
		destroy();
	} while (o.failed);
	cr_assert(failures >= at_least, "%u failures", failures);
}

Test(exhaustion, a_packet_is_read_or_stays)
{
	lose_none(read_at_once, 1);
}

Test(exhaustion, a_packet_is_read_or_stays_without_a_timeout)
{
	lose_none(read_endlessly, 1);
}

Test(exhaustion, a_packet_is_read_or_stays_with_a_timeout)
{
	lose_none(read_for_a_while, 1);
}

Test(exhaustion, a_packet_is_read_or_stays_with_a_small_buffer)
{
	lose_none(read_little, 1);
}

static void decide_or_keep(bool (*operation)(void))
{
	unsigned int failures = 0, n = 0;
	struct queue_figures f;
	struct outcome o;

	network_enter();
	traffic_watch();
	cr_assert(create() && set_mode());
	do {
		cr_assert(++n < CALLS_MAX);
		traffic_send(1);
		cr_assert(read_endlessly());
		o = attempt(operation, n, ENOBUFS);
		cr_assert(o.kept == 0);
		assert_told(&o, n, ENOBUFS, "Failed to send netlink message");
		cr_assert(queue_figures(0, &f) && f.waiting == (o.done ? 0 : 1));
		failures += !o.done;
		if (!o.done)
			cr_assert(operation());
		cr_assert(traffic_arrived(n) == n);
	} while (o.failed);
	cr_assert(failures == 1, "%u failures", failures);
	destroy();
}

Test(exhaustion, a_verdict_is_given_or_the_packet_waits_for_another)
{
	decide_or_keep(set_verdict);
}

Test(exhaustion, a_verdict_with_a_payload_is_given_or_the_packet_waits_for_another)
{
	decide_or_keep(replace);
}

Test(exhaustion, a_handle_is_destroyed_whatever_fails)
{
	int before = open_descriptors();

	network_enter();
	before = open_descriptors();
	for (unsigned int n = 1; n < 5; n++) {
		cr_assert(create() && set_mode());
		inject_begin(n, ENOMEM);
		cr_assert(destroy());
		cr_assert(inject_kept() == -2);
		cr_assert(!inject_end(), "it calls something");
		cr_assert(open_descriptors() == before);
	}
}

/* Lowers RLIMIT_NOFILE, so that count more descriptors may be opened. */
static void leave_descriptors(int count)
{
	struct rlimit files;
	int lowest = dup(0);

	cr_assert(lowest >= 0 && !close(lowest));
	cr_assert(!getrlimit(RLIMIT_NOFILE, &files));
	files.rlim_cur = lowest + count;
	cr_assert(!setrlimit(RLIMIT_NOFILE, &files));
	for (int fd = lowest; fd < lowest + count; fd++)
		cr_assert(fcntl(fd, F_GETFD) == -1, "a gap below descriptor %d", fd);
}

Test(exhaustion, with_no_descriptor_to_spare_packets_have_names_and_verdicts)
{
	struct rlimit files;

	network_enter();
	traffic_watch();
	traffic_send(1);
	cr_assert(!getrlimit(RLIMIT_NOFILE, &files));
	leave_descriptors(1);
	cr_assert(create() && set_mode());
	cr_assert(open("/dev/null", O_RDONLY) == -1 && errno == EMFILE);
	cr_assert(!read_at_once());
	cr_assert(!setrlimit(RLIMIT_NOFILE, &files));
	assert_works();
	destroy();
}

Test(exhaustion, with_no_descriptor_to_spare_a_queue_of_another_is_refused_once)
{
	struct process owner;

	network_enter();
	owner = process_start();
	cr_assert(process_do(&owner, peer_open, PF_INET));
	cr_assert(process_do(&owner, peer_mode, IPQ_COPY_META) == MODE_SENT);
	leave_descriptors(1);
	cr_assert(create());
	cr_assert(set_mode());
	cr_assert(read_at_once());
	cr_assert(ipq_get_msgerr(received.buf) == EBUSY);
	cr_assert(!read_at_once());
	destroy();
	process_end(&owner);
}
