/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mover: a process that owns queue numbers which the two families of a program share,
 * and moves each packet to the private number of the handle of its family.
 *
 * It is a process, not a thread. A thread would share the program's descriptors, which
 * daemons close, and its credentials, which they drop, and would not exist in a forked
 * child. It is created without an exit signal, so that the program's wait(2) does not
 * report it (clone(2), __WCLONE), and without the C library's fork handlers. The code
 * that runs in it takes no lock, as another thread of the program may have held it when
 * the process was created. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <linux/netfilter.h>

#include "counted.h"
#include "debug.h"
#include "mover.h"
#include "nfqueue.h"
#include "port_id.h"
#include "translate.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* The number of messages received at once, and the room for each in bytes. */
#define BATCH 64
#define SLOT 512

/* The interval in ms at which it checks whether its handles exist, if no event tells. */
#define PERIOD 200

/* How often the worker may be killed and started again. */
#define RESTARTS_MAX 1000

/* How long mover_knock waits for an answer, in ms. */
#define ANSWER_MAX 5000

struct mover {
	int fd;			/* the socket that owns the queue numbers */
	int door;		/* the listening socket for mover_knock, or -1 */
	int program;		/* pidfd of the process that started it, or -1 */
	int ready;		/* is closed when the program's descriptors are */
	int errors;		/* stderr with LIBIPQ_DEBUG, otherwise -1 */
	pid_t starter;
	uint16_t first, last;
	uint64_t network;
};

/* Like fork(2), without what the C library adds to the system call. */
static pid_t make_process(unsigned long exit_signal)
{
	return syscall(SYS_clone, exit_signal, 0UL, 0UL, 0UL, 0UL);
}

static _Noreturn void end(int status)
{
	counted();
	for (;;)
		syscall(SYS_exit_group, (long)status);
}

/* Whether a socket has the port ID. */
static bool is_used(uint32_t port_id)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK, .nl_pid = port_id };
	int fd = syscall(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	bool used;

	if (fd < 0)
		return true;
	used = syscall(SYS_bind, fd, &local, sizeof(local)) < 0;
	syscall(SYS_close, fd);
	return used;
}

/* Returns the handle of the family, or NULL. Handles without a socket lose their
 * claims. */
static struct peer *find_handle(const struct mover *m, uint8_t family)
{
	struct peer *p = peers_next_owner(NULL, family, m->network, m->first, m->last);

	while (p && !is_used(p->port_id)) {
		p->owner = OWNER_NOT;
		p = peers_next_owner(p, family, m->network, m->first, m->last);
	}
	return p;
}

/* How many times packets are received before the mover checks again that a handle exists,
 * as this needs system calls. claims_make detects handles that are gone as well. */
#define ASK_EVERY 16

/* Packets are queued again with the private number of their family's handle, or dropped
 * if there is none, as the module of the family did without a program. */
static uint32_t verdict_for(const struct mover *m, uint8_t family, bool ask)
{
	static struct peer *known[2];
	struct peer *p = peers_next_owner(NULL, family, m->network, m->first, m->last);
	struct peer **before = &known[family == AF_INET6];

	if (ask || p != *before)
		p = find_handle(m, family);
	*before = p;
	return p && p->is_private ? NF_QUEUE_NR((uint32_t)p->number) : NF_DROP;
}

static void note_foreign(const struct mover *m, uint16_t queue, uint8_t family)
{
	struct peer *p = peers_next_owner(NULL, family == AF_INET ? AF_INET6 : AF_INET,
					  m->network, m->first, m->last);

	if (!p)
		return;
	atomic_fetch_add_explicit(&p->foreign, 1, memory_order_relaxed);
	if (m->errors >= 0 && !atomic_exchange(&p->noticed, true))
		debug_foreign(queue, family);
}

/* A packet to be moved, with its id and queue number, and the verdict that moves it. */
struct moved {
	uint8_t family;
	uint16_t queue;
	uint32_t id, value;
};

/* all_before: the verdict is on all packets of the queue number up to this id which do
 * not have one yet (nfqnl_recv_verdict_batch). */
static size_t put_verdict(const struct moved *p, bool all_before, char *to)
{
	static const struct request unasked;
	struct verdict v = { .id = p->id, .value = p->value, .all_before = all_before };
	struct kernel_request out;

	kernel_request_init(&out);
	translate_verdict(&out, &unasked, REFUSAL_IS_EPERM, p->queue, &v);
	memcpy(to, out.buf, out.len);
	return out.len;
}

static unsigned int read_packets(struct mmsghdr *msgs, unsigned int n, struct moved *packet)
{
	struct message message;
	unsigned int count = 0;

	for (unsigned int i = 0; i < n; i++) {
		const void *at = msgs[i].msg_hdr.msg_iov->iov_base;

		translate_message(at, msgs[i].msg_len, msgs[i].msg_len, &message);
		if (message.kind == MESSAGE_PACKET)
			packet[count++] = (struct moved) {
				.family = message.family,
				.queue = message.queue,
				.id = message.id,
			};
	}
	return count;
}

static void choose_values(const struct mover *m, struct moved *packet, unsigned int n)
{
	static unsigned int lots;
	bool ask = lots++ % ASK_EVERY == 0;
	uint32_t ipv4 = verdict_for(m, AF_INET, ask), ipv6 = verdict_for(m, AF_INET6, ask);

	for (struct moved *p = packet; p < packet + n; p++) {
		p->value = p->family == AF_INET ? ipv4 : p->family == AF_INET6 ? ipv6 : NF_DROP;
		if (p->value == NF_DROP)
			note_foreign(m, p->queue, p->family);
	}
}

static bool goes_along(const struct moved *a, const struct moved *b)
{
	return a->family == b->family && a->queue == b->queue;
}

/* If fewer packets in a row are of one kind, each gets its own verdict, so that the
 * packets before and after them can get a common one. */
#define ROW_MIN 3

/* Writes the verdicts, and returns their length. Packets of one family that follow each
 * other get a common verdict, also if there are others between them that already have
 * verdicts of their own. The packets of each family keep their order. */
static size_t decide(const struct moved *packet, unsigned int n, char *to)
{
	const struct moved *last = NULL;	/* of those without a common verdict yet */
	unsigned int end;
	size_t len = 0;

	for (unsigned int i = 0; i < n; i = end) {
		for (end = i + 1; end < n && goes_along(&packet[i], &packet[end]); end++)
			;
		if (last && !goes_along(last, &packet[i]) && end - i < ROW_MIN) {
			for (unsigned int k = i; k < end; k++)
				len += put_verdict(&packet[k], false, to + len);
			continue;
		}
		if (last && !goes_along(last, &packet[i]))
			len += put_verdict(last, true, to + len);
		last = &packet[end - 1];
	}
	return last ? len + put_verdict(last, true, to + len) : len;
}

/* Queues packets again that the previous worker had received but not moved, so that this
 * one receives them. The three verdicts together include every id (nfq_id_after). */
static void queue_again(const struct mover *m)
{
	static const uint32_t up_to[] = { 0x7fffffff, 0xffffffff, 0x7fffffff };
	char verdict[VERDICT_MESSAGE_MAX];

	for (unsigned int n = m->first; n <= m->last; n++)
		for (unsigned int i = 0; i < 3; i++) {
			struct moved all = {
				.queue = n,
				.id = up_to[i],
				.value = NF_QUEUE_NR(n),
			};

			syscall(SYS_sendto, m->fd, verdict, put_verdict(&all, true, verdict), 0,
				NULL, 0);
		}
}

static _Noreturn void move_packets(const struct mover *m)
{
	/* static, as the stack is that of the program's thread, which may be small */
	static _Alignas(struct nlmsghdr) char slot[BATCH][SLOT];
	static char verdicts[BATCH * VERDICT_MESSAGE_MAX];
	static struct iovec iov[BATCH];
	static struct mmsghdr msgs[BATCH];
	static struct moved packet[BATCH];
	unsigned int count;
	size_t len;

	for (unsigned int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec) { slot[i], SLOT };
		msgs[i].msg_hdr = (struct msghdr) { .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	for (;;) {
		long n = syscall(SYS_recvmmsg, m->fd, msgs, BATCH, MSG_WAITFORONE, NULL);

		if (n < 0 && errno != EINTR && errno != EAGAIN && errno != ENOBUFS)
			end(1);
		count = n > 0 ? read_packets(msgs, n, packet) : 0;
		choose_values(m, packet, count);
		len = decide(packet, count, verdicts);
		if (len)
			syscall(SYS_sendto, m->fd, verdicts, len, 0, NULL, 0);
	}
}

/* Whether no process has a handle left to which packets are moved. */
static bool is_over(const struct mover *m)
{
	return !find_handle(m, AF_INET) && !find_handle(m, AF_INET6);
}

/* Ends the mover. A process that wants the numbers waits until they are free, and knocks
 * at the door meanwhile. So the socket is closed before the door. */
static _Noreturn void end_with(const struct mover *m, pid_t worker)
{
	syscall(SYS_kill, worker, SIGKILL);
	syscall(SYS_wait4, worker, NULL, __WALL, NULL);
	syscall(SYS_close, m->fd);
	syscall(SYS_close, m->door);
	end(0);
}

static void answer_door(const struct mover *m, pid_t worker)
{
	int fd = syscall(SYS_accept4, m->door, NULL, NULL, SOCK_CLOEXEC);

	if (is_over(m))
		end_with(m, worker);
	if (fd < 0)
		return;
	syscall(SYS_sendto, fd, "", 1, MSG_NOSIGNAL, NULL, 0);	/* the mover goes on */
	syscall(SYS_close, fd);
}

static bool has_starter(const struct mover *m)
{
	return syscall(SYS_getppid) == m->starter;
}

/* Returns when the worker has ended. Exits if no process has a handle any more. */
static void watch(const struct mover *m, pid_t worker)
{
	struct pollfd fds[] = {
		{ .fd = m->door, .events = POLLIN },
		{ .fd = m->program, .events = POLLIN },
		{ .fd = syscall(SYS_pidfd_open, worker, 0), .events = POLLIN },
	};
	/* the struct of the system call, which may not be the C library's timespec */
	const struct { long sec, nsec; } period = { 0, PERIOD * 1000000L };
	bool told = fds[0].fd >= 0 && fds[1].fd >= 0 && fds[2].fd >= 0;

	while (syscall(SYS_wait4, worker, NULL, WNOHANG | __WALL, NULL) == 0) {
		struct { long sec, nsec; } left = { period.sec, period.nsec };

		for (unsigned int i = 0; i < 3; i++)
			fds[i].revents = 0;
		syscall(SYS_ppoll, fds, 3, told ? NULL : &left, NULL, 0);
		if (fds[0].revents)
			answer_door(m, worker);
		/* the program has ended; a forked process may still have its handles */
		if (fds[1].revents) {
			fds[1].fd = -1;
			told = false;
		}
		if (!told && !has_starter(m) && is_over(m))
			end_with(m, worker);
	}
	if (fds[2].fd >= 0)
		syscall(SYS_close, fds[2].fd);
}

static void close_range_of(unsigned int from, unsigned int to)
{
	struct rlimit limit = { .rlim_cur = 1024 };

	if (from > to || syscall(SYS_close_range, from, to, 0) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (unsigned int fd = from; fd <= to && fd < limit.rlim_cur; fd++)
		syscall(SYS_close, fd);
}

/* Closes all other descriptors: the program's files must really be closed when the
 * program closes them. */
static void close_others(const struct mover *m)
{
	int keep[] = { m->fd, m->door, m->program, m->ready, m->errors };
	int from = 0;

	for (int rounds = 0; rounds < 5; rounds++) {
		int next = -1;

		for (int i = 0; i < 5; i++)
			if (keep[i] >= from && (next < 0 || keep[i] < next))
				next = keep[i];
		if (next < 0)
			break;
		if (next > from)
			close_range_of(from, next - 1);
		from = next + 1;
	}
	close_range_of(from, ~0U);
}

/* Runs the mover as two processes that share the socket. If the worker, which moves the
 * packets, is killed, no packet is lost, and the other process starts a new one. */
static _Noreturn void run(const struct mover *m)
{
	close_others(m);
	syscall(SYS_setsid);
	syscall(SYS_chdir, "/");
	syscall(SYS_prctl, PR_SET_NAME, "ipq-mover", 0L, 0L, 0L);
	if (m->door >= 0)
		syscall(SYS_listen, m->door, 16);
	syscall(SYS_close, m->ready);
	for (int restarts = 0; restarts < RESTARTS_MAX; restarts++) {
		pid_t worker = make_process(SIGCHLD);

		if (worker == 0) {
			syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0L, 0L, 0L);
			if (restarts)
				queue_again(m);
			move_packets(m);
		}
		if (worker < 0)
			break;
		watch(m, worker);
	}
	end(1);
}

/* The address is in the abstract namespace (unix(7)). Like queue numbers, it is separate
 * in each network namespace. */
static socklen_t door_of(uint16_t queue, struct sockaddr_un *address)
{
	int len;

	*address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	len = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1,
		       "libipq/mover/%u", queue);
	return offsetof(struct sockaddr_un, sun_path) + 1 + len;
}

/* If a previous mover of these numbers is about to exit, mover_knock waits until it has
 * closed its door. */
static int make_door(uint16_t queue)
{
	struct sockaddr_un address;
	socklen_t len = door_of(queue, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	for (int tries = 0; fd >= 0 && tries < 3; tries++) {
		if (!bind(fd, (struct sockaddr *)&address, len))
			return fd;
		mover_knock(queue);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static int open_socket(uint32_t process, int rcvbuf)
{
	int fd = -1;

	for (unsigned int n = 0; fd < 0 && n < PORT_IDS_MOVERS; n++) {
		fd = nfqueue_open(SOCK_RAW | SOCK_CLOEXEC, port_id_of_mover(process, n));
		if (fd < 0 && errno != EADDRINUSE)
			break;
	}
	if (fd >= 0) {
		nfqueue_drop_when_full(fd);
		nfqueue_set_rcvbuf(fd, rcvbuf, true);
	}
	return fd;
}

/* In bytes: room for the metadata of several thousand packets. */
#define RCVBUF (8 << 20)

int mover_open(void)
{
	return open_socket(getpid(), RCVBUF);
}

bool mover_start(const struct peer *p, int fd)
{
	struct mover m = {
		.fd = fd,
		.door = make_door(p->first),
		.program = syscall(SYS_pidfd_open, getpid(), 0),
		.errors = p->noticed ? -1 : STDERR_FILENO,
		.starter = getpid(),
		.first = p->first,
		.last = p->last,
		.network = p->network,
	};
	sigset_t all, before;
	pid_t process = -1;
	int ends[2];
	char end;

	if (pipe2(ends, O_CLOEXEC))
		goto out;
	m.ready = ends[1];
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	process = make_process(0);
	if (process == 0)
		run(&m);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	/* wait until it has closed its duplicates of the program's descriptors */
	while (process > 0 && read(ends[0], &end, 1) < 0 && errno == EINTR)
		;
	close(ends[0]);
out:
	if (m.door >= 0)
		close(m.door);
	if (m.program >= 0)
		close(m.program);
	return process > 0;
}

static void reap(pid_t process)
{
	while (waitpid(process, NULL, __WCLONE) < 0 && errno == EINTR)
		;
}

/* Returns the process id of the mover, 0 if it belongs to another user than root or the
 * one that runs this process: any user can bind the address. */
static pid_t mover_behind(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
	    (peer.uid && peer.uid != geteuid()))
		return 0;
	return peer.pid;
}

void mover_knock(uint16_t queue)
{
	struct sockaddr_un address;
	socklen_t len = door_of(queue, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd answered = { .fd = fd, .events = POLLIN };
	pid_t process;
	char stays;

	if (fd < 0)
		return;
	if (!connect(fd, (struct sockaddr *)&address, len)) {
		process = mover_behind(fd);
		if (process && poll(&answered, 1, ANSWER_MAX) > 0 &&
		    recv(fd, &stays, 1, MSG_DONTWAIT) == 0)
			reap(process);	/* if it is a child of this process */
	}
	close(fd);
}
