/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events at each moment of a call to the library: before each of its system calls, a
 * packet arrives, another program writes to its socket, or the process is killed. Two
 * handles share a queue number. */
#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/netlink.h>

#include <criterion/criterion.h>

#include "movers.h"
#include "network.h"
#include "pair.h"
#include "reader.h"

TestSuite(moments, .timeout = 60);

/* Far more system calls than any call to the library makes. */
#define MOMENTS_MAX 1000

static struct {
	unsigned int left;	/* calls until the event; 0: it has happened */
	void (*event)(int);
	int i;
} at;

static void (*when_connecting)(void);	/* called once: to a mover */
static void (*when_bound_to_end)(void);	/* when a mover asks to end with its parent */

/* The program uses these functions instead of the C library's, and so
 * do its libraries. */
static void pass_moment(void)
{
	if (at.left && --at.left == 0)
		at.event(at.i);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	pass_moment();
	return syscall(SYS_clock_gettime, clock, time);
}

int close(int fd)
{
	pass_moment();
	return syscall(SYS_close, fd);
}

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	void (*event)(void) = to->sa_family == AF_UNIX ? when_connecting : NULL;

	pass_moment();
	if (event) {
		when_connecting = NULL;
		event();
	}
	return syscall(SYS_connect, fd, to, len);
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

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	pass_moment();
	return syscall(SYS_sendto, fd, buf, len, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	pass_moment();
	return syscall(SYS_sendmsg, fd, msg, flags);
}

int socket(int family, int type, int protocol)
{
	pass_moment();
	return syscall(SYS_socket, family, type, protocol);
}

/* A mover makes its system calls by this function. */
long syscall(long number, ...)
{
	static long (*real)(long, ...);
	va_list args;
	long arg[6];

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (!real)
		real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (when_bound_to_end && number == SYS_prctl && arg[0] == PR_SET_PDEATHSIG)
		when_bound_to_end();
	return real(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

/* Calls act(i), with event(event_i) before its nth system call. Returns false if
 * it makes fewer. */
static bool with_event(unsigned int n, void (*act)(int), int i, void (*event)(int),
		       int event_i)
{
	at.left = n;
	at.event = event;
	at.i = event_i;
	act(i);
	n = at.left;
	at.left = 0;
	return n == 0;
}

static void say(int i)
{
	pair_say(i, "in a moment");
}

static void make_and_start(int i)
{
	pair_make(i);
	pair_start(i);
}

static union message message;

static bool take(int i, const char *text)
{
	if (ipq_read(pair[i], message.buf, sizeof(message.buf), -1) <= 0)
		return false;
	cr_assert(pair_says(ipq_get_packet(message.buf), text));
	ipq_set_verdict(pair[i], ipq_get_packet(message.buf)->packet_id, NF_ACCEPT, 0, NULL);
	udp_expect(pair_heard[i], text);
	return true;
}

/* One packet may be lost, at the one moment when nobody has bound the queue number: the
 * kernel cannot hand a queue over to another owner. */
Test(moments, while_a_second_handle_is_made_and_asks_the_first_loses_no_packet)
{
	for (int first = 0; first < 2; first++) {
		unsigned int n = 0, lost = 0;
		bool more = true;

		pair_network("QUEUE");
		while (more && ++n < MOMENTS_MAX) {
			make_and_start(first);
			more = with_event(n, make_and_start, !first, say, first);
			pair_settle();
			if (more)
				lost += !take(first, "in a moment");
			pair_pass(first, "afterwards");
			pair_pass(!first, "afterwards");
			pair_close_both();
		}
		cr_assert(n > 5 && n < MOMENTS_MAX && lost <= 1, "%u of %u", lost, n);
	}
}

Test(moments, while_the_second_handle_is_destroyed_the_first_loses_no_packet)
{
	for (int first = 0; first < 2; first++) {
		unsigned int n = 0;
		bool more = true;

		pair_network("QUEUE");
		while (more && ++n < MOMENTS_MAX) {
			pair_open(first);
			more = with_event(n, pair_close, !first, say, first);
			if (more)
				pair_expect(first, "in a moment");
			pair_close(first);
		}
		cr_assert(n > 1 && n < MOMENTS_MAX);
	}
}

Test(moments, while_either_handle_is_destroyed_the_other_loses_no_packet)
{
	for (int first = 0; first < 4; first++) {
		int goes = first >> 1;
		unsigned int n = 0;
		bool more = true;

		pair_network("QUEUE");
		while (more && ++n < MOMENTS_MAX) {
			pair_open(first & 1);
			pair_say(!goes, "before");
			more = with_event(n, pair_close, goes, say, !goes);
			pair_expect(!goes, "before");
			if (more)
				pair_expect(!goes, "in a moment");
			pair_pass(!goes, "afterwards");
			pair_close(!goes);
		}
		cr_assert(n > 1 && n < MOMENTS_MAX);
	}
}

/* Nothing is returned, not even an error message. */
static void look(int i)
{
	cr_assert(ipq_read(pair[i], message.buf, sizeof(message.buf), -1) == 0);
}

Test(moments, what_comes_for_the_other_while_one_reads_is_the_others)
{
	unsigned int n = 0;
	bool more = true;

	pair_network("QUEUE");
	pair_open(0);
	while (more && ++n < MOMENTS_MAX) {
		more = with_event(n, look, 0, say, 1);
		if (more)
			pair_expect(1, "in a moment");
		cr_assert(pair_silent());
	}
	cr_assert(n > 1 && n < MOMENTS_MAX);
	pair_close_both();
}

/* Sends a verdict for a packet that the program has not received. */
static void decide_nothing(int i)
{
	ipq_set_verdict(pair[i], 4711, NF_ACCEPT, 0, NULL);
}

Test(moments, an_error_that_comes_while_one_goes_keeps_no_packet_of_the_other)
{
	for (int first = 0; first < 2; first++) {
		unsigned int n = 0;
		bool more = true;

		pair_network("QUEUE");
		while (more && ++n < MOMENTS_MAX) {
			pair_open(first);
			pair_say(!first, "before");
			more = with_event(n, pair_close, first, decide_nothing, first);
			pair_expect(!first, "before");
			pair_pass(!first, "afterwards");
			pair_close(!first);
		}
		cr_assert(n > 1 && n < MOMENTS_MAX);
	}
}

static int stranger;
static unsigned int written;

/* Writes to the socket that has the port ID. The kernel permits this to a process
 * with CAP_NET_ADMIN. */
static void write_as_stranger(int unused)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = 1040000000 + getpid() };
	struct nlmsghdr noop = { .nlmsg_len = sizeof(noop), .nlmsg_type = NLMSG_NOOP };

	(void)unused;
	written += syscall(SYS_sendto, stranger, &noop, sizeof(noop), 0, &to,
			   sizeof(to)) > 0;
}

Test(moments, what_a_stranger_writes_while_a_handle_is_made_is_not_read)
{
	unsigned int n = 0;
	bool more = true;

	pair_network("QUEUE");
	stranger = syscall(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			   NETLINK_NETFILTER);
	cr_assert(stranger >= 0);
	while (more && ++n < MOMENTS_MAX) {
		more = with_event(n, make_and_start, 0, write_as_stranger, 0);
		cr_assert(recv(pair[0]->fd, &message, sizeof(message), MSG_DONTWAIT) < 0,
			  "at moment %u", n);
		pair_pass(0, "hello");
		pair_close(0);
	}
	cr_assert(written > 0 && n < MOMENTS_MAX, "it could not write");
	close(stranger);
}

static void be_killed(int unused)
{
	(void)unused;
	raise(SIGKILL);
}

/* The process is killed while it claims the queue number, when the other handle would
 * have to wait for it. */
Test(moments, who_is_killed_while_it_claims_does_not_keep_others_waiting_for_ever)
{
	int status;
	pid_t pid;

	pair_network("QUEUE");
	pair_make(0);
	pair_make(1);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		with_event(1, pair_start, 0, be_killed, 0);
		_exit(0);
	}
	cr_assert(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	alarm(DEADLINE / 1000);
	pair_start(0);
	pair_start(1);
	alarm(0);
	pair_pass(0, "four");
	pair_pass(1, "six");
	pair_close_both();
}

/* Waits until the queue number is free. */
static void kill_movers(void)
{
	long long end = clock_us() + DEADLINE * 1000LL;
	pid_t found[MOVERS_MAX];
	struct queue_figures f;
	int count = movers_find(found);

	cr_assert(count == 2);
	for (int i = 0; i < count; i++)
		kill(found[i], SIGKILL);
	while (queue_figures(0, &f) && clock_us() < end)
		;
}

/* As it ends if the program that started it is killed, and at that moment has no handles of
 * another one. */
Test(moments, a_mover_that_ends_while_a_handle_asks_for_it_is_replaced)
{
	for (int first = 0; first < 2; first++) {
		pair_network("QUEUE");
		pair_open(first);
		pair_close(first);
		when_connecting = kill_movers;
		make_and_start(first);
		cr_assert(!when_connecting, "it was not asked for");
		pair_pass(first, "hello");
		pair_pass(!first, "hello");
		pair_close_both();
	}
}

static void kill_parent(void)
{
	pid_t parent = getppid();

	kill(parent, SIGKILL);
	while (getppid() == parent)
		sched_yield();
}

/* A mover is two processes. Then there is none, and the program may ask again. */
Test(moments, a_mover_whose_first_process_is_killed_as_the_second_begins_ends)
{
	long long end = clock_us() + DEADLINE * 1000LL;
	pid_t found[MOVERS_MAX];
	struct queue_figures f;

	pair_network("QUEUE");
	when_bound_to_end = kill_parent;
	pair_open(0);
	while (queue_figures(0, &f) || movers_find(found))
		cr_assert(clock_us() < end, "%d processes stay", movers_find(found));
	when_bound_to_end = NULL;
	pair_start(0);
	pair_pass(0, "four");
	pair_pass(1, "six");
	pair_close_both();
}
