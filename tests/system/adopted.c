/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A socket of the queue that another process has opened, and passed on or left open for a
 * program that it executed, as it happens with the preload library. Calls functions
 * inside the library, as there is no handle. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

/* queue.h defines it, too */
#define message message_of_kernel
#include "ip_queue.h"
#undef message
#include "network.h"
#include "nfqueue.h"
#include "numbers.h"
#include "process.h"

TestSuite(adopted, .timeout = 60);

#define COUNT 200

static struct ip_queue q;
static union message m;

static long request(struct ip_queue *by, int fd, uint16_t type, uint16_t flags,
		    unsigned long value, unsigned long id)
{
	struct request r = {
		.nlh = { .nlmsg_len = sizeof(r), .nlmsg_type = type, .nlmsg_flags = flags },
	};

	if (type == IPQM_MODE)
		r.body.msg.mode.value = value;
	else
		r.body.msg.verdict = (ipq_verdict_msg_t) { .value = value, .id = id };
	return ip_queue_request(by, fd, &r, NULL, NULL);
}

static void set_mode(struct ip_queue *by, int fd)
{
	cr_assert(request(by, fd, IPQM_MODE, 0, IPQ_COPY_PACKET, 0) == 0);
}

/* The next message, read or only looked at (MSG_PEEK), must be the packet
 * with this number. */
static ipq_id_t expect_packet(struct ip_queue *by, int fd, int number, int flags)
{
	ssize_t n = ip_queue_receive(by, fd, m.buf, sizeof(m.buf), MSG_DONTWAIT | flags);

	cr_assert(n > 0 && m.nlh.nlmsg_type == IPQM_PACKET, "%zd, type %d: %s", n,
		  m.nlh.nlmsg_type, strerror(errno));
	cr_assert(number_of(ipq_get_packet(m.buf)) == number, "%d and not %d",
		  number_of(ipq_get_packet(m.buf)), number);
	return ipq_get_packet(m.buf)->packet_id;
}

static void accept_packet(struct ip_queue *by, int fd, ipq_id_t id, uint16_t flags)
{
	cr_assert(request(by, fd, IPQM_VERDICT, flags, NF_ACCEPT, id) == 0);
}

static void expect_nothing(struct ip_queue *by, int fd)
{
	cr_assert(ip_queue_receive(by, fd, m.buf, sizeof(m.buf), MSG_DONTWAIT) == -1);
	cr_assert(errno == EAGAIN);
}

static int pass[2];

/* Receives a socket that another process has opened, set a mode on, and passed on. */
static int from_elsewhere(struct process *other)
{
	union {
		struct cmsghdr header;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec byte = { (char[1]) { 0 }, 1 };
	struct msghdr msg = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int fd;

	cr_assert(recvmsg(pass[0], &msg, MSG_CMSG_CLOEXEC) == 1);
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	process_end(other);
	return fd;
}

static long open_and_pass(long asks)
{
	union {
		struct cmsghdr header;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = {
		.header = {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	struct iovec byte = { (char[1]) { 0 }, 1 };
	struct msghdr msg = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int fd = ip_queue_open(&q, AF_INET, SOCK_RAW, false);

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (fd < 0 || (asks && request(&q, fd, IPQM_MODE, 0, IPQ_COPY_PACKET, 0)))
		return 0;
	return sendmsg(pass[1], &msg, 0) == 1;
}

Test(adopted, an_adopted_socket_that_has_the_queue_still_has_it)
{
	/* with a request first, while this process has no table of peers yet that its
	 * child would share */
	for (int asked = 1; asked >= 0; asked--) {
		struct process other;
		int fd;

		numbers_network();
		cr_assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pass));
		other = process_start();
		cr_assert(process_do(&other, open_and_pass, asked));
		fd = from_elsewhere(&other);
		cr_assert(!ip_queue_adopt(&q, fd, nfqueue_port_id(fd)));
		if (asked) {
			numbers_send(0, 1);
			accept_packet(&q, fd, expect_packet(&q, fd, 0, 0), 0);
			numbers_arrived(1);
			numbers_forget();
		}
		set_mode(&q, fd);
		cr_assert(q.peer->owner && ip_queue_set(&q, &q.settings) == EBUSY);
		numbers_send(1, 1);
		accept_packet(&q, fd, expect_packet(&q, fd, 1, 0), 0);
		cr_assert(numbers_arrived(1)[1] == 1);
		expect_nothing(&q, fd);
		cr_assert(!ip_queue_close(&q, fd));
		cr_assert(numbers_waiting() == -1);
	}
}

Test(adopted, a_setting_that_makes_no_sense_is_refused)
{
	const char *said;
	int fd;

	network_enter();
	fd = ip_queue_open(&q, AF_INET, SOCK_RAW, false);
	cr_assert(fd >= 0);
	setenv("LIBIPQ_QUEUE", "many", 1);
	stderr_keep();
	errno = 0;
	cr_assert(ip_queue_adopt(&q, fd, nfqueue_port_id(fd)) == -1);
	cr_assert(errno == EINVAL);
	said = stderr_kept();
	assert_one_line(said);
	assert_says(said, "many");
}

static int open_batched(void)
{
	int fd;

	numbers_network();
	setenv("LIBIPQ_BATCH", "64", 1);
	fd = ip_queue_open(&q, AF_INET, SOCK_RAW, false);
	cr_assert(fd >= 0);
	set_mode(&q, fd);
	return fd;
}

Test(adopted, what_is_held_is_held_for_who_adopts)
{
	static struct ip_queue again;
	int fd = open_batched();

	numbers_send(0, COUNT);
	for (int i = 0; i < 10; i++)
		accept_packet(&q, fd, expect_packet(&q, fd, i, 0), 0);
	cr_assert(ip_queue_holds_message(&q));
	cr_assert(!ip_queue_adopt(&again, fd, nfqueue_port_id(fd)));
	cr_assert(ip_queue_holds_message(&again));
	for (int i = 10; i < COUNT; i++) {
		struct ip_queue *by = i % 3 ? &again : &q;

		accept_packet(by, fd, expect_packet(by, fd, i, 0), 0);
	}
	expect_nothing(&q, fd);
	expect_nothing(&again, fd);
	numbers_arrived(COUNT);
	cr_assert(!ip_queue_close(&q, fd));
}

Test(adopted, looking_takes_nothing_from_a_batch)
{
	int fd = open_batched();
	uint64_t delivered;

	/* few, so that packets also arrive one by one, and many */
	for (int count = 1; count < 2 * COUNT; count = count * 3 / 2 + 1) {
		numbers_send(0, count);
		for (int i = 0; i < count; i++) {
			delivered = q.peer->delivered;
			for (int look = 0; look < i % 3; look++)
				expect_packet(&q, fd, i, MSG_PEEK);
			cr_assert(q.peer->delivered == delivered);
			accept_packet(&q, fd, expect_packet(&q, fd, i, 0), 0);
			cr_assert(q.peer->delivered == delivered + 1);
		}
		expect_nothing(&q, fd);
		numbers_arrived(count);
		numbers_forget();
	}
	cr_assert(!ip_queue_close(&q, fd));
}

/* As with ip_queue: NLM_F_ACK asks for an answer. A verdict for a range of ids must not
 * include this one. */
Test(adopted, a_verdict_that_asks_for_an_answer_gets_one_among_others_that_are_held)
{
	int fd = open_batched();

	numbers_send(0, COUNT);
	for (int i = 0; i < COUNT; i++) {
		ipq_id_t id = expect_packet(&q, fd, i, 0);

		accept_packet(&q, fd, id, i == 150 ? NLM_F_ACK : 0);
		if (i == 150)
			cr_assert(numbers_waiting() == COUNT - 151);
	}
	cr_assert(ip_queue_receive(&q, fd, m.buf, sizeof(m.buf), MSG_DONTWAIT) > 0);
	cr_assert(m.nlh.nlmsg_type == NLMSG_ERROR && ipq_get_msgerr(m.buf) == 0);
	expect_nothing(&q, fd);
	numbers_arrived(COUNT);
	cr_assert(!ip_queue_close(&q, fd));
}

/* Where the payload of the next message begins is guessed from the last ones, but
 * metadata can have any length. */
Test(adopted, a_packet_is_whole_wherever_the_last_ones_payload_began)
{
	static struct {
		unsigned char before[1024];
		union message m;
		unsigned char after[1024];
	} room;
	static const unsigned char zero[1024];
	const ipq_packet_msg_t *p = ipq_get_packet(room.m.buf);
	int fd;

	numbers_network();
	fd = ip_queue_open(&q, AF_INET, SOCK_RAW, false);
	set_mode(&q, fd);
	for (int offset = 0; offset <= NFQUEUE_HEAD_MAX; offset++) {
		numbers_send(offset, 1);
		/* for as many packets as are watched */
		q.peer->payload_place = (uint32_t)UINT16_MAX << 16 | offset;
		cr_assert(ip_queue_receive(&q, fd, room.m.buf, sizeof(room.m.buf), 0) > 0);
		cr_assert(room.m.nlh.nlmsg_type == IPQM_PACKET && number_of(p) == offset);
		cr_assert(p->data_len == 32);
		cr_assert(!memcmp(room.before, zero, 1024) && !memcmp(room.after, zero, 1024));
		accept_packet(&q, fd, p->packet_id, 0);
	}
	expect_nothing(&q, fd);
	numbers_arrived(NFQUEUE_HEAD_MAX + 1);
	cr_assert(!ip_queue_close(&q, fd));
}
