/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostile WAY: does to the sockets of ip_queue's that it has, and to the calls on them,
 * what may end, hold or mislead whoever carries these out: closes what is used, takes away
 * memory that is named, executes another program while its threads wait, and so on. Says
 * "done" when it could do all of it; what the calls return does not matter.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "old.h"

#define ROUNDS 2000
#define FIRST 960		/* of the numbers that its sockets have */
#define SOCKETS 64

static atomic_bool over;
static char self[PATH_MAX];

static int open_one(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_FIREWALL);
}

static void ask_for_packets(int fd)
{
	struct {
		struct nlmsghdr nlh;
		ipq_peer_msg_t msg;
	} request = {
		.nlh = { .nlmsg_len = sizeof(request), .nlmsg_type = IPQM_MODE,
			 .nlmsg_flags = NLM_F_REQUEST, .nlmsg_pid = getpid() },
		.msg.msg.mode = { .value = IPQ_COPY_PACKET, .range = 2048 },
	};

	(void)!send(fd, &request, sizeof(request), MSG_DONTWAIT);
}

static void say_something(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(7),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	(void)!sendto(fd, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

/* Beside it the other half of each way goes on. */
static void *in_thread(void *act)
{
	unsigned int seed = 1;

	while (!over)
		((void (*)(unsigned int *))act)(&seed);
	return NULL;
}

static void beside(void (*act)(unsigned int *seed), void (*main_act)(unsigned int *seed))
{
	pthread_t thread;
	unsigned int seed = 2;

	check(!pthread_create(&thread, NULL, in_thread, (void *)act));
	for (int i = 0; i < ROUNDS; i++)
		main_act(&seed);
	over = true;
	check(!pthread_join(thread, NULL));
}

static void use_any(unsigned int *seed)
{
	int fd = FIRST + rand_r(seed) % 4;
	char buf[4096];

	switch (rand_r(seed) % 5) {
	case 0:
		open_one();
		break;
	case 1:
		ask_for_packets(fd);
		break;
	case 2:
		(void)!recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		break;
	case 3:
		dup2(fd, FIRST + rand_r(seed) % 4);
		break;
	default:
		say_something();
	}
}

static void close_any(unsigned int *seed)
{
	close(FIRST + rand_r(seed) % 4);
}

#define AREA (4 * 4096)
static char *area;
static struct iovec parts[2];
static int socket_of_area;

static void take_memory_away(unsigned int *seed)
{
	mprotect(area + 4096, 4096, rand_r(seed) & 1 ? PROT_NONE : PROT_READ | PROT_WRITE);
	parts[0].iov_base = rand_r(seed) & 1 ? area + 4090 : NULL;
	parts[1].iov_len = rand_r(seed) & 1 ? (size_t)-1 : 100;
	area[rand_r(seed) % 4096] = (char)rand_r(seed);
}

static void use_memory(unsigned int *seed)
{
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };

	say_something();
	switch (rand_r(seed) % 5) {
	case 0:
		(void)!recv(socket_of_area, area + 4000, 2 * 4096, MSG_DONTWAIT);
		break;
	case 1:
		(void)!recvmsg(socket_of_area, &msg, MSG_DONTWAIT);
		break;
	case 2:
		(void)!send(socket_of_area, area, AREA, MSG_DONTWAIT);
		break;
	case 3:
		(void)!sendmsg(socket_of_area, &msg, MSG_DONTWAIT);
		break;
	default:
		(void)!readlink(area + 4090, area, 10);
	}
}

static void race_memory(void)
{
	area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(area != MAP_FAILED);
	parts[0] = (struct iovec) { area, 100 };
	parts[1] = (struct iovec) { area + 4096, 100 };
	socket_of_area = open_one();
	ask_for_packets(socket_of_area);
	beside(take_memory_away, use_memory);
}

static void *wait_for_ever(void *fd)
{
	char buf[256];

	(void)!recv((int)(intptr_t)fd, buf, sizeof(buf), 0);
	return NULL;
}

static void *execute(void *way)
{
	execl(self, self, "nothing", NULL);
	return way;
}

/* Different moments at which two threads execute programs. */
#define TOGETHER 40

/* More than who looks after them has descriptors, if two are needed for each. */
#define THREADS 800

/* All others end when one executes another program. */
static void execute_in_a_thread(void)
{
	int fd = open_one();
	pthread_attr_t small;
	pthread_t thread;

	check(fd >= 0 && !pthread_attr_init(&small));
	pthread_attr_setstacksize(&small, 1 << 16);
	for (int i = 0; i < THREADS; i++)
		check(!pthread_create(&thread, &small, wait_for_ever, (void *)(intptr_t)fd));
	check(open_one() >= 0);
	check(!pthread_create(&thread, NULL, execute, NULL));
	pthread_join(thread, NULL);
	check(false);
}

static atomic_bool begun;

/* It takes some time to copy the environment, so that the call of the other thread may
 * come meanwhile. */
static void *execute_first(void *nothing)
{
	static char long_text[100000], *variables[10];

	memset(long_text, 'x', sizeof(long_text) - 1);
	for (int i = 0; i < 9; i++)
		variables[i] = long_text;
	begun = true;
	execle(self, self, "opens", NULL, variables);
	return nothing;
}

/* Whoever is first to execute a program ends the other thread, whose call is about to be
 * changed. The thread takes over the process id then. */
static void execute_both(long spins)
{
	pthread_t thread;

	check(!pthread_create(&thread, NULL, execute_first, NULL));
	while (!begun)
		;
	for (volatile long left = spins; left > 0; left--)
		;
	execl("/sbin/iptables", "iptables", "-V", NULL);
	_exit(0);
}

/* The processes that execute are orphans, and so children of ipq-run. That they have ended
 * shows in a pipe that all have open. */
static void execute_together(void)
{
	struct pollfd ended = { .events = POLLIN };
	int ends[2], null = open("/dev/null", O_RDWR);

	for (int i = 0; i < TOGETHER; i++) {
		check(!pipe(ends));
		if (fork() == 0) {
			dup2(null, STDOUT_FILENO);
			if (fork() == 0)
				execute_both(i * 1500L);
			_exit(0);
		}
		close(ends[1]);
		check(wait(NULL) > 0);
		ended.fd = ends[0];
		check(poll(&ended, 1, 20000) == 1);
		close(ends[0]);
	}
}

static void open_for_a_moment(void)
{
	open_one();
}

static void open_all(void)
{
	int count = 0, fd;

	while ((fd = open_one()) >= 0)
		count++;
	check(count == SOCKETS && errno == EMFILE);
}

/* More than who looks after them has entries, 1024. */
static void open_many(void)
{
	int status;

	open_all();
	for (int fd = FIRST; fd < FIRST + SOCKETS; fd++)
		close(fd);
	for (int i = 0; i < 17; i++) {
		pid_t pid = fork();

		check(pid >= 0);
		if (pid == 0) {
			open_all();
			_exit(0);
		}
		check(waitpid(pid, &status, 0) == pid && status == 0);
	}
	open_all();
}

/* An address that no program has, and that of nothing in a 32-bit program. */
#define PAST_ALL ((long)(UINT64_C(1) << 47 | UINT64_C(0xfffff000)))

#ifndef SYS_newfstatat
#define SYS_newfstatat SYS_fstatat64
#endif

/* A command that is replaced, with words and variables that are nowhere. */
static void execute_with_nothing(void)
{
	static const long nowhere[] = { 1, -1, LONG_MAX, PAST_ALL, 4095 };

	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
		for (size_t j = 0; j < sizeof(nowhere) / sizeof(nowhere[0]); j++) {
			check(syscall(SYS_execve, "/sbin/iptables", nowhere[i], nowhere[j]) < 0);
			check(syscall(SYS_execveat, AT_FDCWD, "/sbin/iptables", nowhere[i],
				      nowhere[j], 0) < 0);
		}
}

#ifdef MIXES_CALLS
/* Makes a call of a 32-bit program: write, execve, socketcall, dup3, or one on a socket. Its
 * arguments are the lower halves of these. */
static void call_as_32_bits(long args[5], unsigned int *seed)
{
	static const int calls[] = {
		4, 11, 102, 330, 337, 345, 361, 362, 367, 369, 370, 371, 372,
	};
	int call = calls[rand_r(seed) % (sizeof(calls) / sizeof(calls[0]))];
	long result;

	if (call == 102 && args[0] > 2)
		args[0] = 1 + rand_r(seed) % 20;
	if (call >= 371 || call == 337)
		args[call == 372 ? 2 : 3] = MSG_DONTWAIT;
	if (call == 330 && (unsigned int)args[1] < 3)
		args[1] = FIRST + 2;
	__asm__ volatile("int $0x80" : "=a"(result)
			 : "a"(call), "b"(args[0]), "c"(args[1]), "d"(args[2]),
			   "S"(args[3]), "D"(args[4])
			 : "r8", "r9", "r10", "r11", "memory");
}
#endif

/* As they come: sockets, descriptors that are none, addresses of nothing. */
static void call_with_anything(void)
{
	static const int calls[] = {
		SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_recvfrom, SYS_sendto,
		SYS_recvmsg, SYS_sendmsg, SYS_recvmmsg, SYS_sendmmsg, SYS_bind, SYS_connect,
		SYS_getsockname, SYS_dup3, SYS_fcntl, SYS_socket, SYS_openat, SYS_newfstatat,
		SYS_faccessat, SYS_readlinkat, SYS_preadv2, SYS_pwritev2, SYS_close,
	};
	/* behind which there is nothing to be spoilt */
	char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long anything[] = {
		0, 1, -1, 64, 4096, INT_MAX, LONG_MAX, LONG_MIN, PAST_ALL, FIRST, FIRST + 1,
		AF_NETLINK, NETLINK_FIREWALL, AT_FDCWD, (long)page, (long)page + 8190,
		(long)"/proc/net/ip_queue", (long)&page[4000],
	};
	unsigned int seed = 3;

	execute_with_nothing();
	check(page != MAP_FAILED && !mprotect(page + 8192, 4096, PROT_NONE));
	/* where no call can make a file, nor find one to spoil */
	check(!chroot("/proc/self/task") && !chdir("/"));
	for (int i = 0; i < 10 * ROUNDS; i++) {
		long args[6];
		int call = calls[rand_r(&seed) % (sizeof(calls) / sizeof(calls[0]))];

		for (int n = 0; n < 6; n++)
			args[n] = anything[rand_r(&seed) % (sizeof(anything) / sizeof(long))];
		if (call == SYS_recvmsg || call == SYS_recvfrom || call == SYS_recvmmsg)
			args[call == SYS_recvmsg ? 2 : 3] = MSG_DONTWAIT;
		/* what this needs itself, and what would wait */
		if ((unsigned int)args[0] < 3)
			args[0] = FIRST;
		if (call == SYS_dup3 && (unsigned int)args[1] < 3)
			args[1] = FIRST + 2;
		if (i % 100 == 0)
			fcntl(open_one(), F_SETFL, O_NONBLOCK);
		syscall(call, args[0], args[1], args[2], args[3], args[4], args[5]);
#ifdef MIXES_CALLS
		call_as_32_bits(args, &seed);
#endif
	}
}

/* What cannot be served, and must do no harm. */
static void pass_to_low_numbers(void)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .align = { .cmsg_len = CMSG_LEN(sizeof(int)),
				 .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec byte = { "x", 1 };
	struct msghdr msg = { .msg_iov = &byte, .msg_iovlen = 1,
			      .msg_control = &control, .msg_controllen = sizeof(control) };
	int fd = open_one(), ends[2], got;
	char buf[256];

	check(fd >= 0 && !socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	ask_for_packets(fd);
	memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	check(sendmsg(ends[0], &msg, 0) == 1);
	byte.iov_base = buf;
	check(recvmsg(ends[1], &msg, 0) == 1);
	memcpy(&got, CMSG_DATA(&control.align), sizeof(got));
	check(got < FIRST && dup2(fd, 100) == 100);
	close(fd);
	for (int i = 0; i < 100; i++) {
		say_something();
		(void)!recv(got, buf, sizeof(buf), MSG_DONTWAIT);
		(void)!recv(100, buf, sizeof(buf), MSG_DONTWAIT);
		ask_for_packets(got);
		dup2(100, FIRST + i % SOCKETS);
		(void)!recv(FIRST + i % SOCKETS, buf, sizeof(buf), MSG_DONTWAIT);
	}
}

/* Nobody reads what is explained to it, as that it has a setting that there is not. */
static void be_deaf(void)
{
	int ends[2];

	if (!getenv("LIBIPQ_NONE")) {
		setenv("LIBIPQ_NONE", "1", 1);	/* which holds for what is executed */
		execl(self, self, "deaf", NULL);
	}
	check(!pipe2(ends, O_NONBLOCK));
	while (write(ends[1], "x", 1) == 1)
		;
	fcntl(ends[1], F_SETFL, 0);
	check(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
	check(open_one() == -1);
}

static void on_signal(int signal)
{
	(void)signal;
}

/* A process that is killed while it calls; and one that is interrupted all the time. */
static void be_killed(void)
{
	struct sigaction interrupts = { .sa_handler = on_signal };
	unsigned int seed = 4;
	int status;

	sigaction(SIGUSR1, &interrupts, NULL);
	for (int i = 0; i < 40; i++) {
		pid_t pid = fork();

		check(pid >= 0);
		while (pid == 0)
			use_any(&seed);
		for (int n = 0; n < 50; n++) {
			kill(pid, SIGUSR1);
			sched_yield();
		}
		kill(pid, SIGKILL);
		check(waitpid(pid, &status, 0) == pid);
	}
}

static void race_closes(void)
{
	beside(close_any, use_any);
}

static void do_nothing(void)
{
}

/* Long enough after its beginning for who carries out the calls to remember the
 * descriptor from one to the next. */
static int call_for_a_while(void)
{
	int fd = open_one();
	struct timespec end, now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = (struct timespec) { now.tv_sec, now.tv_nsec + 200000000 };
	do {
		ask_for_packets(fd);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - end.tv_sec) * 1000000000 + now.tv_nsec - end.tv_nsec < 0);
	return fd;
}

static void replace_by_a_pipe(void)
{
	int fd = call_for_a_while(), ends[2];
	char byte = 'a';

	check(!pipe(ends) && dup2(ends[0], fd) == fd);
	check(write(ends[1], "b", 1) == 1 && read(fd, &byte, 1) == 1 && byte == 'b');
}

/* A call that is left to the kernel, which refuses it, comes between others. */
static void read_at_an_offset(void)
{
	int fd = call_for_a_while();
	char buf[256];
	struct iovec part = { buf, sizeof(buf) };

	check(preadv2(fd, &part, 1, 5, 0) == -1 && errno == ESPIPE);
	check(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) == -1 && errno == EAGAIN);
}

/* Has a queue, and calls no more. */
static void pause_with_a_queue(void)
{
	call_for_a_while();
	check(printf("%d\n", (int)getpid()) > 0 && fflush(stdout) == 0);
	pause();
}

static const struct {
	const char *name;
	void (*act)(void);
} ways[] = {
	{ "closes", race_closes },
	{ "memory", race_memory },
	{ "executes", execute_in_a_thread },
	{ "together", execute_together },
	{ "opens", open_for_a_moment },
	{ "many", open_many },
	{ "anything", call_with_anything },
	{ "passes", pass_to_low_numbers },
	{ "deaf", be_deaf },
	{ "dies", be_killed },
	{ "nothing", do_nothing },
	{ "pauses", pause_with_a_queue },
	{ "replaces", replace_by_a_pipe },
	{ "offset", read_at_an_offset },
};

int main(int argc, char **argv)
{
	size_t i = 0, count = sizeof(ways) / sizeof(ways[0]);

	old_limit();
	check(argc == 2 && realpath("/proc/self/exe", self));
	signal(SIGPIPE, SIG_IGN);
	while (i < count && strcmp(ways[i].name, argv[1]))
		i++;
	check(i < count);
	ways[i].act();
	say("done");
	return 0;
}
