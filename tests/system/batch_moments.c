/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: what may happen at any moment within a call of the library's. Before
 * each of its system calls, and before it lets go of what is held, packets come or a
 * signal handler runs. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"

TestSuite(batch_moments, .timeout = 60);

static unsigned int left;	/* moments until event; 0: it has been */
static void (*event)(void);

/* A program has these instead of the C library's, in its libraries too. */
static void pass_moment(void)
{
	if (left && --left == 0)
		event();
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	pass_moment();
	return syscall(SYS_clock_gettime, clock, time);
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	pass_moment();
	return syscall(SYS_recvfrom, fd, buf, len, flags, NULL, NULL);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	pass_moment();
	return syscall(SYS_recvmsg, fd, msg, flags);
}

#ifdef __GLIBC__
typedef int mmsg_flags;
#else
typedef unsigned int mmsg_flags;
#endif

int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int n, mmsg_flags flags,
	     struct timespec *time)
{
	pass_moment();
	return syscall(SYS_recvmmsg, fd, msgs, n, flags, time);
}

static unsigned int sends_left;	/* until one fails; 0: none does */

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	pass_moment();
	if (sends_left && --sends_left == 0) {
		errno = ENOBUFS;
		return -1;
	}
	return syscall(SYS_sendto, fd, buf, len, flags, NULL, 0);
}

int pthread_mutex_unlock(pthread_mutex_t *lock)
{
	static int (*real)(pthread_mutex_t *);

	if (!real)
		real = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_unlock");
	pass_moment();
	return real(lock);
}

static struct ipq_handle *h;
static int sent;			/* numbers so far */
static unsigned char times_got[NUMBERS_MAX];

static void begin(const char *batch, const char *rcvbuf)
{
	setenv("LIBIPQ_BATCH", batch, 1);
	setenv("LIBIPQ_RCVBUF", rcvbuf, 1);
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	sent = 0;
	memset(times_got, 0, sizeof(times_got));
}

static void send_more(int count)
{
	numbers_send(sent, count);
	sent += count;
}

static bool readable(void)
{
	struct pollfd fd = { .fd = h->fd, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

/* Whether there was a message; it is decided on. */
static bool take(union message *m)
{
	ssize_t n = ipq_read(h, m->buf, sizeof(m->buf), -1);
	int number;

	cr_assert(n >= 0, "%s: %s", ipq_errstr(), strerror(errno));
	if (n == 0)
		return false;
	cr_assert(ipq_message_type(m->buf) == IPQM_PACKET, "type %d, error %d",
		  ipq_message_type(m->buf), ipq_get_msgerr(m->buf));
	number = number_of(ipq_get_packet(m->buf));
	cr_assert(number >= 0 && number < sent && !times_got[number]++, "number %d",
		  number);
	numbers_verdict(h, ipq_get_packet(m->buf)->packet_id, DROP);
	return true;
}

/* Takes all there is, and sees each time whether the descriptor has told the truth. It
 * may be otherwise while the event is. */
static void take_all(void)
{
	static union message m;
	bool was_readable, was_there;
	unsigned int before;

	do {
		was_readable = readable();
		before = left;
		was_there = take(&m);
		cr_assert(was_readable == was_there || (before && !left),
			  "%sreadable, and there was %s", was_readable ? "" : "not ",
			  was_there ? "one" : "none");
	} while (was_there);
}

/* Sends count packets, reads and decides them, with the event at every moment. */
static void at_every_moment(int count, const char *rcvbuf, void (*what)(void),
			    void (*check)(void))
{
	unsigned int moment = 0;
	bool has_been;

	numbers_network();
	event = what;
	do {
		begin("64", rcvbuf);
		send_more(1);
		take_all();
		send_more(count);
		left = ++moment;
		take_all();
		has_been = !left;
		left = 0;
		take_all();
		check();
		ipq_destroy_handle(h);
	} while (has_been);
	cr_assert(moment > (unsigned int)count, "%u moments", moment);
}

static void come_one(void)
{
	send_more(1);
}

static void got_all(void)
{
	for (int i = 0; i < sent; i++)
		cr_assert(times_got[i] == 1, "packet %d of %d", i, sent);
}

Test(batch_moments, a_packet_comes)
{
	at_every_moment(5, "100000", come_one, got_all);
	at_every_moment(1, "100000", come_one, got_all);
}

static void come_many(void)
{
	send_more(60);
}

static void none_is_left(void)
{
	cr_assert(numbers_waiting() == 0);
}

/* Some are lost then, and so may be what the library puts there itself. */
Test(batch_moments, more_come_than_the_buffer_holds)
{
	at_every_moment(1, "1000", come_many, none_is_left);
	at_every_moment(3, "3000", come_many, none_is_left);
	at_every_moment(8, "10000", come_many, none_is_left);
}

static union message handlers;

static void read_one(void)
{
	take(&handlers);
}

Test(batch_moments, a_handler_reads)
{
	at_every_moment(5, "100000", read_one, got_all);
}

static void read_several(void)
{
	while (take(&handlers))
		;
}

Test(batch_moments, a_handler_reads_all_there_is)
{
	at_every_moment(5, "100000", read_several, got_all);
}

/* Reads and decides without a pause, so that verdicts are held. */
static void work(int count)
{
	static union message m;

	for (int i = 0; i < count && ipq_read(h, m.buf, sizeof(m.buf), -1) > 0; i++)
		ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id, NF_DROP, 0, NULL);
}

static ipq_id_t handlers_id;
static int handlers_number;

static void read_and_leave(void)
{
	ssize_t n = ipq_read(h, handlers.buf, sizeof(handlers.buf), -1);

	handlers_id = 0;
	if (n <= 0)
		return;
	handlers_id = ipq_get_packet(handlers.buf)->packet_id;
	handlers_number = number_of(ipq_get_packet(handlers.buf));
}

static void accept_left(void)
{
	ipq_set_verdict(h, handlers_id, NF_ACCEPT, 0, NULL);
}

/* What a handler has read it need not decide at once. */
Test(batch_moments, a_handler_reads_a_packet_and_leaves_it)
{
	unsigned int moment = 0;
	bool has_been;

	numbers_network();
	begin("64", "1000000");
	event = read_and_leave;
	do {
		numbers_forget();
		sent = 0;
		send_more(300);
		work(70);
		left = ++moment;
		work(10);
		has_been = !left;
		left = 0;
		work(300);
		cr_assert(numbers_waiting() == has_been, "%d wait", numbers_waiting());
		if (has_been)
			accept_left();
		cr_assert(numbers_arrived(has_been)[handlers_number] == has_been);
		cr_assert(numbers_silent(h));
	} while (has_been);
	ipq_destroy_handle(h);
}

/* It decides at once, also while others are held. */
Test(batch_moments, a_handler_decides_on_a_packet)
{
	unsigned int moment = 0;
	bool has_been;

	numbers_network();
	begin("64", "1000000");
	event = accept_left;
	do {
		numbers_forget();
		sent = 0;
		send_more(300);
		read_and_leave();
		work(70);
		left = ++moment;
		work(10);
		has_been = !left;
		left = 0;
		work(300);
		numbers_arrived(has_been);
		cr_assert(numbers_waiting() == !has_been, "%d wait", numbers_waiting());
		if (!has_been)
			accept_left();
		numbers_arrived(1);
		cr_assert(numbers_silent(h));
	} while (has_been);
	ipq_destroy_handle(h);
}

/* Of 200 packets; those of which the program was told that it failed are dropped. */
static int accept_or_drop(unsigned char *plan, struct got *got)
{
	static union message m;
	int failed = 0;

	for (int i = 0; i < 200; i++) {
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), -1) > 0);
		cr_assert(ipq_message_type(m.buf) == IPQM_PACKET);
		got[i].id = ipq_get_packet(m.buf)->packet_id;
		got[i].number = number_of(ipq_get_packet(m.buf));
		plan[i] = ACCEPT;
		if (ipq_set_verdict(h, got[i].id, NF_ACCEPT, 0, NULL) > 0)
			continue;
		cr_assert(errno == ENOBUFS);
		plan[i] = DROP;
		numbers_verdict(h, got[i].id, DROP);
		failed++;
	}
	return failed;
}

/* Whether verdicts are held or not. */
Test(batch_moments, a_verdict_that_could_not_be_sent_is_none)
{
	unsigned char plan[200];
	struct got got[200];
	int failed = 0;

	numbers_network();
	begin("64", "1000000");
	for (int n = 1; n < 75; n++) {
		sent = 0;
		send_more(200);
		sends_left = n;
		failed += accept_or_drop(plan, got);
		sends_left = 0;
		numbers_expect(h, 200, plan, got);
		numbers_forget();
	}
	cr_assert(failed > 50, "%d failed", failed);
	ipq_destroy_handle(h);
}
