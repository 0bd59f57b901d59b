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
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "counted.h"
#include "door.h"
#include "mover.h"
#include "nfqueue.h"
#include "port_id.h"
#include "syscalls.h"
#include "worker.h"

/* The interval in ms at which it checks whether its handles exist, if no event tells. */
#define PERIOD 200

/* How often the worker may be killed and started again. */
#define RESTARTS_MAX 1000

struct mover {
	struct work work;
	int door;		/* the listening socket (door.h), or -1 */
	int program;		/* pidfd of the process that started it, or -1 */
	int ready;		/* is closed when the program's descriptors are */
	pid_t starter;
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

/* Ends the mover. A process that wants the numbers waits until they are free, and knocks
 * at the door meanwhile. So the socket is closed before the door. */
static _Noreturn void end_with(const struct mover *m, pid_t worker)
{
	syscall(SYS_kill, worker, SIGKILL);
	syscall(SYS_wait4, worker, NULL, __WALL, NULL);
	syscall(SYS_close, m->work.fd);
	syscall(SYS_close, m->door);
	end(0);
}

static bool has_starter(const struct mover *m)
{
	return syscall(SYS_getppid) == m->starter;
}

/* The process that started the mover does not knock while its list of handles has one that
 * packets are moved to. If there is one all the same, the process has executed a program
 * (execve(2)), which has a list of its own. The mover leaves the numbers to that program,
 * unless there are handles of both families, in other processes then. */
static void answer_door(const struct mover *m, pid_t worker)
{
	pid_t process;
	int connection = door_accept(m->door, &process);
	int families = worker_families(&m->work);

	if (!families || (families == 1 && process == m->starter && has_starter(m)))
		end_with(m, worker);
	door_go_on(connection);
}

/* Returns when the worker has ended. Exits if no process has a handle any more. */
static void watch(const struct mover *m, pid_t worker)
{
	struct pollfd fds[] = {
		{ .fd = m->door, .events = POLLIN },
		{ .fd = m->program, .events = POLLIN },
		{ .fd = syscall(SYS_pidfd_open, worker, 0), .events = POLLIN },
	};
	bool told = fds[0].fd >= 0 && fds[1].fd >= 0 && fds[2].fd >= 0;

	while (syscall(SYS_wait4, worker, NULL, WNOHANG | __WALL, NULL) == 0) {
		/* the struct of the system call, not the C library's timespec */
		struct { long sec, nsec; } left = { 0, PERIOD * 1000000L };

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
		if (!told && !has_starter(m) && !worker_families(&m->work))
			end_with(m, worker);
	}
	if (fds[2].fd >= 0)
		syscall(SYS_close, fds[2].fd);
}

static void close_range_of(unsigned int from, unsigned int to)
{
	struct rlimit limit = { .rlim_cur = 1024 };

	if (syscall(SYS_close_range, from, to, 0) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (unsigned int fd = from; fd <= to && fd < limit.rlim_cur; fd++)
		syscall(SYS_close, fd);
}

/* Closes all other descriptors: the program's files must really be closed when the
 * program closes them. */
static void close_others(const struct mover *m)
{
	const int kept[] = { m->work.fd, m->door, m->program, m->ready, m->work.errors };
	int from = 0, next;

	do {
		next = -1;
		for (int i = 0; i < 5; i++)
			if (kept[i] >= from && (next < 0 || kept[i] < next))
				next = kept[i];
		if (next != from)
			close_range_of(from, next < 0 ? ~0U : next - 1U);
		from = next + 1;
	} while (next >= 0);
}

/* Runs the mover as two processes that share the socket. If the worker, which moves the
 * packets, is killed, no packet is lost, and the other process starts a new one. */
static _Noreturn void run(const struct mover *m)
{
	const pid_t self = syscall(SYS_getpid);

	close_others(m);
	syscall(SYS_setsid);
	syscall(SYS_chdir, "/");
	syscall(SYS_prctl, PR_SET_NAME, "ipq-mover", 0L, 0L, 0L);
	door_open(m->door);
	syscall(SYS_close, m->ready);
	for (int restarts = 0; restarts < RESTARTS_MAX; restarts++) {
		pid_t worker = make_process(SIGCHLD);

		if (worker == 0) {
			syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0L, 0L, 0L);
			if (syscall(SYS_getppid) != self)	/* it was killed before */
				end(1);
			if (restarts)
				worker_take_over(&m->work);
			worker_run(&m->work);
			end(1);
		}
		if (worker < 0)
			break;
		watch(m, worker);
	}
	end(1);
}

/* In bytes: room for the metadata of several thousand packets. */
#define RCVBUF (8 << 20)

int mover_open(void)
{
	int fd = -1;

	for (unsigned int n = 0; fd < 0 && n < PORT_IDS_MOVERS; n++) {
		fd = nfqueue_open(SOCK_RAW | SOCK_CLOEXEC, port_id_of_mover(getpid(), n));
		if (fd < 0 && errno != EADDRINUSE)
			break;
	}
	if (fd >= 0) {
		nfqueue_drop_when_full(fd);
		nfqueue_set_rcvbuf(fd, RCVBUF, true);
	}
	return fd;
}

bool mover_start(const struct peer *p, int fd)
{
	struct mover m = {
		.work = {
			.fd = fd,
			.errors = p->noticed ? -1 : STDERR_FILENO,
			.first = p->first,
			.last = p->last,
			.network = p->network,
		},
		.door = door_make(p->first),
		.program = syscall(SYS_pidfd_open, getpid(), 0),
		.starter = getpid(),
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
