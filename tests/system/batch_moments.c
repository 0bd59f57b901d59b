/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: events at any moment within a call into the library. Before each
 * of its system calls, and before it releases what is held, packets arrive or a
 * signal handler runs. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"

TestSuite(batch_moments, .timeout = 60);

static unsigned int left;	/* moments before the event; 0: it has happened */
static void (*event)(void);

/* The functions below are interposed: the library calls them instead of
 * the C library's. */
static void pass_moment(void)
{
	if (left && --left == 0)
		event();
}

/* Stops the clock, so that no pause is too long for verdicts to be held. */
static bool time_stands;

int clock_gettime(clockid_t clock, struct timespec *time)
{
	pass_moment();
	if (time_stands) {
		*time = (struct timespec) { .tv_sec = 1 };
		return 0;
	}
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

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	const struct timespec time = { timeout / 1000, timeout % 1000 * 1000000L };

	pass_moment();
	return ppoll(fds, n, timeout < 0 ? NULL : &time, NULL);
}

static unsigned int looks;	/* calls for several messages at once */

#ifdef __GLIBC__
typedef int mmsg_flags;
#else
typedef unsigned int mmsg_flags;
#endif

int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int n, mmsg_flags flags,
	     struct timespec *time)
{
	looks++;
	pass_moment();
	return syscall(SYS_recvmmsg, fd, msgs, n, flags, time);
}

static unsigned int sends;	/* calls */
static unsigned int sends_left;	/* calls until one fails; 0: none does */
static int sends_error = ENOBUFS;
static size_t sends_max = SIZE_MAX;	/* longer datagrams do not fit the send buffer */
static size_t deadly = SIZE_MAX;	/* sending this many bytes kills the process */

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	sends++;
	pass_moment();
	if (len >= deadly)
		raise(SIGKILL);
	if (len > sends_max) {
		errno = EMSGSIZE;
		return -1;
	}
	if (sends_left && --sends_left == 0) {
		errno = sends_error;
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
static int sent;			/* how many numbers so far */
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

	return ppoll(&fd, 1, &(struct timespec) { 0 }, NULL) == 1;
}

/* Reads a message, which must be a packet, and gives its verdict. Returns
 * whether there was one. */
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

/* Reads all messages. Checks each time that the descriptor was readable exactly if there
 * was a message; that may not hold while the event happens. */
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

/* Sends count packets, and reads and decides on them, with the event at each moment. */
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

/* Then some are lost, and perhaps also the mark that the library puts into the socket. */
Test(batch_moments, more_come_than_the_buffer_holds)
{
	at_every_moment(1, "1000", come_many, none_is_left);
	at_every_moment(3, "3000", come_many, none_is_left);
	at_every_moment(8, "10000", come_many, none_is_left);
}

/* They must not be received one by one, each with a new mark, even if few
 * were there before. */
Test(batch_moments, what_has_come_before_a_mark_is_taken_in_together)
{
	unsigned int moment = 0;
	bool has_been;

	numbers_network();
	event = come_many;
	do {
		begin("64", "1000000");
		send_more(2);
		take_all();
		send_more(2);
		left = ++moment;
		looks = 0;
		take_all();
		has_been = !left;
		left = 0;
		take_all();
		got_all();
		cr_assert(looks < 20, "moment %u: %u looks", moment, looks);
		ipq_destroy_handle(h);
	} while (has_been);
	cr_assert(moment > 4, "%u moments", moment);
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

/* A handler need not decide on a packet that it has read. */
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

/* The handler reads the message that would have made the program read again. */
Test(batch_moments, no_verdict_is_held_if_a_handler_reads_the_last_message)
{
	unsigned int moment = 0, checks = 0;
	bool has_been;

	numbers_network();
	begin("64", "1000000");
	event = read_and_leave;
	time_stands = true;
	send_more(300);
	work(300);
	do {
		static union message m;

		send_more(20);
		handlers_id = 0;
		left = ++moment;
		while (ipq_read(h, m.buf, sizeof(m.buf), -1) > 0) {
			ipq_id_t id = ipq_get_packet(m.buf)->packet_id;

			if (!readable()) {
				cr_assert(numbers_waiting() == 1 + !!handlers_id,
					  "moment %u: %d wait", moment, numbers_waiting());
				checks++;
			}
			ipq_set_verdict(h, id, NF_DROP, 0, NULL);
		}
		has_been = !left;
		left = 0;
		if (handlers_id)
			accept_left();
		cr_assert(numbers_waiting() == 0);
		numbers_forget();
		sent = 0;
	} while (has_been);
	time_stands = false;
	cr_assert(moment > 20 && checks > 20, "%u moments, %u checks", moment, checks);
	ipq_destroy_handle(h);
}

/* Its verdict is sent at the latest when the program has read all packets. */
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

static void read_within(void)
{
	ipq_read(h, handlers.buf, sizeof(handlers.buf), 1000);
}

/* Even if there are only messages that are held for the call that was interrupted. */
Test(batch_moments, a_handler_that_reads_with_a_timeout_comes_back)
{
	unsigned int moment = 0;
	bool has_been;

	numbers_network();
	begin("64", "1000000");
	event = read_within;
	do {
		numbers_forget();
		send_more(100);
		work(70);
		left = ++moment;
		alarm(DEADLINE / 1000);
		work(10);
		alarm(0);
		has_been = !left;
		left = 0;
		ipq_destroy_handle(h);
		begin("64", "1000000");
	} while (has_been);
	cr_assert(moment > 10, "%u moments", moment);
	ipq_destroy_handle(h);
}

/* Accepts 200 packets. Packets for which the program was told that the verdict
 * failed are dropped. */
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
		cr_assert(errno == sends_error);
		plan[i] = DROP;
		numbers_verdict(h, got[i].id, DROP);
		failed++;
	}
	return failed;
}

static void fail_in_turn(int error, int at_least)
{
	unsigned char plan[200];
	struct got got[200];
	int failed = 0;

	numbers_network();
	begin("64", "1000000");
	sends_error = error;
	for (int n = 1; n < 75; n++) {
		sent = 0;
		send_more(200);
		sends_left = n;
		failed += accept_or_drop(plan, got);
		sends_left = 0;
		numbers_expect(h, 200, plan, got);
		numbers_forget();
	}
	time_stands = false;
	cr_assert(failed >= at_least, "%d failed", failed);
	ipq_destroy_handle(h);
}

/* Whether verdicts are held or not. */
Test(batch_moments, a_mark_that_could_not_be_sent_is_no_error_of_a_read)
{
	union message m;

	numbers_network();
	begin("64", "1000000");
	send_more(10);
	sends_error = ENOBUFS;
	sends_left = 1;
	errno = 0;
	cr_assert(ipq_read(h, m.buf, sizeof(m.buf), 0) > 0);
	cr_assert(!sends_left && errno == 0, "errno %d", errno);
	cr_assert(readable());
	ipq_destroy_handle(h);
}

#define BURST 20

/* Decides on all packets but the last, after which as many more come: when the last one is
 * read, verdicts are held and a mark is needed. in_turn: accepts every second one. */
static void decide_on_all_but_the_last(bool in_turn)
{
	static union message m;

	send_more(BURST);
	for (int i = 0; i < BURST - 1; i++) {
		cr_assert(ipq_read(h, m.buf, sizeof(m.buf), -1) > 0);
		ipq_set_verdict(h, ipq_get_packet(m.buf)->packet_id,
				in_turn && i % 2 ? NF_ACCEPT : NF_DROP, 0, NULL);
	}
	send_more(BURST);
}

static void begin_without_pauses(void)
{
	numbers_network();
	begin("64", "1000000");
	time_stands = true;
	send_more(300);
	work(300);
	sent = 0;
}

static void end_after_burst(int accepted)
{
	int rest = BURST;

	ipq_set_verdict(h, handlers_id, NF_DROP, 0, NULL);
	while (rest && readable()) {
		work(1);
		rest--;
	}
	cr_assert(!rest && !readable() && numbers_waiting() == 0, "%d left, %d wait", rest,
		  numbers_waiting());
	time_stands = false;
	numbers_arrived(accepted);
	cr_assert(numbers_silent(h));
	ipq_destroy_handle(h);
}

Test(batch_moments, verdicts_that_are_held_go_with_a_mark)
{
	for (int in_turn = 0; in_turn < 2; in_turn++) {
		begin_without_pauses();
		decide_on_all_but_the_last(in_turn);
		sends = 0;
		read_and_leave();
		cr_assert(sends == 1, "%u sends", sends);
		cr_assert(numbers_waiting() == 1 + BURST, "%d wait", numbers_waiting());
		cr_assert(readable());
		end_after_burst(in_turn ? BURST / 2 - 1 : 0);
	}
}

/* A mark is shorter than a verdict. */
#define MARK_MAX 48

Test(batch_moments, a_mark_is_sent_although_the_verdicts_with_it_cannot_be)
{
	for (int in_turn = 0; in_turn < 2; in_turn++) {
		begin_without_pauses();
		decide_on_all_but_the_last(in_turn);
		sends_max = MARK_MAX;
		errno = 0;
		read_and_leave();
		cr_assert(errno == 0, "%s", strerror(errno));
		cr_assert(numbers_waiting() == 2 * BURST, "%d wait", numbers_waiting());
		cr_assert(readable());
		sends_max = SIZE_MAX;
		end_after_burst(in_turn ? BURST / 2 - 1 : 0);
	}
}

Test(batch_moments, a_verdict_that_could_not_be_sent_is_none)
{
	fail_in_turn(ENOBUFS, 50);
}

/* When they are held, few messages are sent. */
Test(batch_moments, a_verdict_for_all_that_are_held_that_could_not_be_sent_is_none)
{
	time_stands = true;
	fail_in_turn(ENOBUFS, 2);
}

/* As with a send buffer that has no room for a single verdict. */
Test(batch_moments, a_verdict_too_long_to_be_sent_is_none)
{
	fail_in_turn(EMSGSIZE, 50);
}

#define WAITING 900

/* Accepts and drops packets by turns, so that no verdict can be sent for a range of ids.
 * After the first 64, up to 512 verdicts are held. */
static void decide_in_turn(int count, unsigned char *plan, struct got *got)
{
	time_stands = true;
	for (int i = 0; i < count; i++)
		plan[i] = i % 2 ? ACCEPT : DROP;
	numbers_decide(h, count, plan, got);
}

/* Some verdicts may have been sent: these must not be sent again, but the others must. */
Test(batch_moments, a_request_behind_verdicts_that_cannot_be_sent_fails_with_them)
{
	static unsigned char plan[WAITING];
	static struct got got[WAITING];
	int bytes = 1, failed = 0;	/* becomes a few thousand (socket(7)) */

	for (int n = 1; n < 10; n++) {
		numbers_network();
		begin("1024", "10000000");
		cr_assert(!setsockopt(h->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)));
		send_more(WAITING);
		decide_in_turn(500, plan, got);
		sends_left = n;
		errno = 0;
		while (ipq_set_mode(h, IPQ_COPY_PACKET, 0) < 0) {
			cr_assert(errno == ENOBUFS && !sends_left);
			errno = 0;
			failed++;
		}
		cr_assert(errno == 0, "errno %d", errno);
		sends_left = 0;
		time_stands = false;
		numbers_arrived(500 / 2);
		cr_assert(numbers_waiting() == WAITING - 500);
		for (int i = 500; i < WAITING; i++)
			plan[i] = DROP;
		numbers_decide(h, WAITING - 500, plan + 500, got + 500);
		numbers_expect(h, WAITING, plan, got);
		ipq_destroy_handle(h);
	}
	/* the verdicts take more than one send */
	cr_assert(failed > 2, "%d failed", failed);
}

/* While a process sends as many verdicts as can be held, it is killed. */
Test(batch_moments, what_a_killed_reader_has_decided_another_sends)
{
	static unsigned char plan[WAITING];
	static struct got got[WAITING];
	int status, rest;
	pid_t pid;

	for (int fails = 0; fails < 2; fails++) {
		numbers_network();
		begin("1024", "10000000");
		send_more(WAITING);
		pid = fork();
		cr_assert(pid >= 0);
		if (pid == 0) {
			deadly = 10000;
			decide_in_turn(WAITING, plan, got);
			_exit(0);
		}
		cr_assert(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
		cr_assert(numbers_waiting() > 800, "%d wait", numbers_waiting());
		read_and_leave();
		sends_left = fails;
		cr_assert(ipq_set_verdict(h, handlers_id, NF_DROP, 0, NULL) ==
			  (fails ? -1 : (int)VERDICT_SENT));
		if (fails)
			numbers_verdict(h, handlers_id, DROP);
		for (rest = 1; take(&handlers); rest++)
			;
		cr_assert(rest > 1 && numbers_waiting() == 0, "%d wait", numbers_waiting());
		numbers_arrived((WAITING - rest) / 2);
		ipq_destroy_handle(h);
	}
}

static void clean_up(void)
{
	ipq_destroy_handle(h);
	exit(0);
}

/* As old programs do on SIGTERM. The batch may be in any state at that moment. */
Test(batch_moments, a_handler_destroys_the_handle_and_exits)
{
	unsigned int moment = 0;
	int status;
	pid_t pid;

	do {
		numbers_network();
		cr_assert(++moment < 1000);
		pid = fork();
		cr_assert(pid >= 0);
		if (pid == 0) {
			begin("64", "1000000");
			send_more(200);
			work(100);
			event = clean_up;
			left = moment;
			alarm(DEADLINE / 1000);
			work(10);
			_exit(1);
		}
		cr_assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
		cr_assert(numbers_waiting() == -1);
	} while (WEXITSTATUS(status) == 0);
	cr_assert(moment > 10, "%u moments", moment);
}
