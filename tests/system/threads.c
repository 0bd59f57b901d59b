/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One handle used by several threads and by a signal handler: some read, others give
 * verdicts (FACTS 4). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "queue.h"
#include "reader.h"

TestSuite(threads, .timeout = 60);

/* Used by threads and handlers. */
static struct ipq_handle *handle;
static volatile ipq_id_t held;
static volatile sig_atomic_t given;

static void queue_port_9(void)
{
	run("iptables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE");
	handle = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
}

static ipq_id_t queue_text(const char *text)
{
	static union message m;

	udp_say(AF_INET, 9, text);
	return queue_packet(handle, &m)->packet_id;
}

Test(threads, a_verdict_does_not_wait_for_a_thread_that_reads)
{
	struct reader r;
	ipq_id_t id;
	int fd;

	network_enter();
	fd = udp_open(AF_INET, 9);
	queue_port_9();
	id = queue_text("first");
	reader_start(&r, handle, 0);
	cr_assert(ipq_set_verdict(handle, id, NF_ACCEPT, 0, NULL) == VERDICT_SENT);
	udp_expect(fd, "first");
	cr_assert(ipq_set_mode(handle, IPQ_COPY_META, 0) == MODE_SENT);
	cr_assert(reader_waits(&r));
	udp_say(AF_INET, 9, "second");
	reader_end(&r);
	cr_assert(r.n > 0 && ipq_get_packet(r.m.buf)->data_len == 0);
	ipq_destroy_handle(handle);
}

Test(threads, the_error_is_that_of_the_thread)
{
	struct reader r;

	network_enter();
	queue_port_9();
	cr_assert(!ipq_create_handle(0, PF_UNIX));
	reader_begin(&r, handle, 1);
	reader_end(&r);
	cr_assert_str_eq(r.text, "Timeout");
	cr_assert_str_eq(ipq_errstr(), "Invalid protocol specified");
	ipq_destroy_handle(handle);
}

/* Readers pass ids to other threads through a pipe. Id 0 ends such a thread, an error
 * message ends a reader. */
static int ids[2];

/* One reader waits without a timeout, the other with a long one: a packet may be
 * taken by the other. */
static struct {
	pthread_t thread;
	int timeout;
	int reads;
} readers[] = { { .timeout = 0 }, { .timeout = SOON } };

#define READERS 2
#define GIVERS 3
#define PACKETS 400
#define ROUNDS 50

/* Whether the message is one complete packet, not parts of two. */
static bool is_whole(const union message *m, ssize_t n)
{
	const ipq_packet_msg_t *p = ipq_get_packet(m->buf);

	return (ssize_t)m->nlh.nlmsg_len == n && p->data_len >= 28 &&
	       p->data_len == 20UL + p->payload[24] * 256 + p->payload[25] &&
	       strspn((const char *)p->payload + 28, "0123456789") == p->data_len - 28;
}

static void *read_ids(void *index)
{
	static _Thread_local union message m;
	int i = (long)index;
	ipq_id_t id;
	ssize_t n;

	while ((n = ipq_read(handle, m.buf, sizeof(m.buf) - 1, readers[i].timeout)) > 0 &&
	       ipq_message_type(m.buf) == IPQM_PACKET) {
		m.buf[n] = '\0';
		if (is_whole(&m, n))
			readers[i].reads++;
		id = ipq_get_packet(m.buf)->packet_id;
		if (write(ids[1], &id, sizeof(id)) != sizeof(id))
			break;
	}
	return NULL;
}

static void *give_verdicts(void *unused)
{
	ipq_id_t id;

	while (read(ids[0], &id, sizeof(id)) == sizeof(id) && id)
		if (ipq_set_verdict(handle, id, NF_ACCEPT, 0, NULL) != VERDICT_SENT)
			break;
	return unused;
}

/* Sends numbers of different lengths, from two sockets, as one cannot have that many
 * packets on the way. */
static void send_numbers(void)
{
	int fd[] = { udp_open(AF_INET, 0), udp_open(AF_INET, 0) };
	char text[64];

	for (int i = 0; i < PACKETS; i++) {
		snprintf(text, sizeof(text), "%0*d", 3 + i % 30, i);
		cr_assert(udp_send(fd[i % 2], "127.0.0.1", 9, text, strlen(text)) > 0);
	}
	close(fd[0]);
	close(fd[1]);
}

static void expect_numbers(int fd)
{
	bool seen[PACKETS] = { false };
	char text[64];
	int number;

	for (int i = 0; i < PACKETS; i++) {
		/* verdicts of different threads may be sent in any order */
		cr_assert(udp_hear(fd, text, sizeof(text), DEADLINE) > 0,
			  "%d packets arrived", i);
		number = atoi(text);
		cr_assert(number >= 0 && number < PACKETS && !seen[number],
			  "\"%s\" twice", text);
		seen[number] = true;
	}
}

/* All packets are in the queue first, so that the threads never wait. */
Test(threads, readers_and_givers_of_verdicts_share_a_handle)
{
	pthread_t giver[GIVERS];
	int fd, rcvbuf = 1 << 20;
	ipq_id_t end = 0;

	network_enter();
	fd = udp_open(AF_INET, 9);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
	queue_port_9();
	cr_assert(!pipe(ids));
	for (int round = 1; round <= ROUNDS; round++) {
		send_numbers();
		for (long i = 0; i < READERS; i++)
			cr_assert(!pthread_create(&readers[i].thread, NULL, read_ids,
						  (void *)i));
		for (int i = 0; i < GIVERS; i++)
			cr_assert(!pthread_create(&giver[i], NULL, give_verdicts, NULL));
		expect_numbers(fd);

		for (int i = 0; i < READERS; i++)
			ipq_set_mode(handle, 3, 0);
		for (int i = 0; i < READERS; i++)
			pthread_join(readers[i].thread, NULL);
		for (int i = 0; i < GIVERS; i++)
			cr_assert(write(ids[1], &end, sizeof(end)) == sizeof(end));
		for (int i = 0; i < GIVERS; i++)
			pthread_join(giver[i], NULL);
		cr_assert(readers[0].reads + readers[1].reads == round * PACKETS);
	}
	cr_assert(queue_silent(handle));
	ipq_destroy_handle(handle);
}

static void accept_held(int number)
{
	(void)number;
	if (ipq_set_verdict(handle, held, NF_ACCEPT, 0, NULL) == VERDICT_SENT)
		given++;
}

static void handle_signal(int number, int flags)
{
	struct sigaction action = { .sa_handler = accept_held, .sa_flags = flags };

	cr_assert(!sigaction(number, &action, NULL));
}

Test(threads, a_handler_that_interrupts_the_read_may_give_a_verdict)
{
	static const struct {
		int timeout, flags;
		ssize_t n;
	} rows[] = {
		{ 0, 0, -1 }, { SOON, 0, 0 }, { SOON, SA_RESTART, 0 },
	};
	struct reader r;
	int fd;

	network_enter();
	fd = udp_open(AF_INET, 9);
	queue_port_9();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		held = queue_text("held");
		handle_signal(SIGUSR1, rows[i].flags);
		reader_start(&r, handle, rows[i].timeout);
		pthread_kill(r.thread, SIGUSR1);
		udp_expect(fd, "held");
		reader_end(&r);
		cr_assert(r.n == rows[i].n && r.error == EINTR);
	}
	ipq_destroy_handle(handle);
}

Test(threads, a_read_interrupted_by_a_handler_that_decides_goes_on_if_it_restarts)
{
	struct reader r;
	int fd;

	network_enter();
	fd = udp_open(AF_INET, 9);
	queue_port_9();
	held = queue_text("held");
	handle_signal(SIGUSR1, SA_RESTART);
	reader_start(&r, handle, 0);
	pthread_kill(r.thread, SIGUSR1);
	udp_expect(fd, "held");
	cr_assert(reader_waits(&r));
	udp_say(AF_INET, 9, "next");
	reader_end(&r);
	cr_assert(r.n > 0);
	cr_assert(memcmp(ipq_get_packet(r.m.buf)->payload + 28, "next", 4) == 0);
	ipq_destroy_handle(handle);
}

/* The ids do not exist, so that each verdict of the handler causes an error message. */
Test(threads, a_handler_may_give_a_verdict_at_any_moment)
{
	struct itimerval timer = { { 0, 50 }, { 0, 50 } }, none = { 0 };
	int fd, to, packets = 0, errors = 0;
	static union message m;
	char text[16];

	NOT_SUPERVISED("a signal may end a call that never waited");
	network_enter();
	fd = udp_open(AF_INET, 9);
	to = udp_open(AF_INET, 0);
	queue_port_9();
	held = 0x70000000;
	handle_signal(SIGALRM, SA_RESTART);
	cr_assert(!setitimer(ITIMER_REAL, &timer, NULL));
	while (packets < 5000 || errors < 100) {
		snprintf(text, sizeof(text), "%d", packets);
		cr_assert(udp_send(to, "127.0.0.1", 9, text, strlen(text)) > 0);
		do {
			cr_assert(ipq_read(handle, m.buf, sizeof(m.buf), 0) > 0);
			if (ipq_message_type(m.buf) == IPQM_PACKET)
				break;
			cr_assert(ipq_get_msgerr(m.buf) == ENOENT);
			errors++;
		} while (true);
		packets++;
		ipq_set_verdict(handle, ipq_get_packet(m.buf)->packet_id, NF_ACCEPT, 0,
				NULL);
		/* not udp_expect: poll(2) is not restarted after a signal */
		cr_assert(recv(fd, text, sizeof(text), 0) > 0);
	}
	setitimer(ITIMER_REAL, &none, NULL);
	while (ipq_read(handle, m.buf, sizeof(m.buf), -1) > 0)
		errors++;
	cr_assert(errors == given, "%d verdicts refused, %d answers", given, errors);
	ipq_destroy_handle(handle);
}
