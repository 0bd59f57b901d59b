/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program whose system calls on ip_queue's sockets are handed over to this
 * process, until the program and all processes that it has started have ended. Knows
 * nothing of the system calls. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "executions.h"
#include "filter.h"
#include "notices.h"
#include "signals.h"
#include "supervise.h"
#include "syscalls.h"

struct program {
	const char *name;
	bool names;			/* hand over calls with file names */
	pid_t pid;			/* 0 when it has ended, */
	int status;			/* and the status from waitpid(2) */
	int said[2];			/* a pipe with a struct word about its start */
	int may[2];			/* a pipe that is closed when it may continue */
	int listener;
	struct signals signals;
	struct window window;
};

/* What the forked process reports before it executes the program, or if it cannot. */
struct word {
	enum { CANNOT_FILTER, LISTENS, CANNOT_EXECUTE } what;
	int number;			/* errno, or the descriptor */
};

#define WINDOW 64			/* descriptors */
#define SELECT_MAX 1024			/* select(2) accepts no higher ones */

/* The highest descriptors that any program can use, as the kernel gives these to other
 * files last. */
static struct window choose_window(void)
{
	struct rlimit limit;
	unsigned int end = SELECT_MAX;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < end)
		end = limit.rlim_cur;
	return (struct window) { end > 2 * WINDOW ? end - WINDOW : end / 2, end };
}

static void say(struct program *p, int what, int n)
{
	struct word w = { .what = what, .number = n };

	if (write(p->said[1], &w, sizeof(w)) != sizeof(w))
		_exit(126);
}

/* Runs in the forked process. Without CAP_SYS_ADMIN a filter is only allowed if the
 * process cannot gain privileges by execve(2) any more (PR_SET_NO_NEW_PRIVS). */
static void be_program(struct program *p, pid_t parent, void (*execute)(void *),
		       void *program)
{
	char byte;
	int fd;

	close(p->said[0]);
	close(p->may[1]);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	fd = getppid() == parent ? filter_install(&p->window, p->names) : -1;
	if (fd < 0 && errno == EACCES && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fd = filter_install(&p->window, p->names);
	if (fd < 0) {
		say(p, CANNOT_FILTER, errno);
		_exit(125);
	}
	say(p, LISTENS, fd);
	if (read(p->may[0], &byte, 1))
		_exit(125);
	close(fd);
	signals_give_back(&p->signals);
	execute(program);
	say(p, CANNOT_EXECUTE, errno);
	_exit(126);
}

static int cannot(const struct program *p, const char *why)
{
	fprintf(stderr, "ipq-run: %s: cannot be supervised: %s\n", p->name, why);
	return 125;
}

static const char *reason(int error)
{
	switch (error) {
	case EBUSY:
		return "a supervisor of system calls is there already; run ipq-run outside "
		       "of it";
	case EINVAL:
	case ENOSYS:
		return "this kernel does not hand over system calls; it takes Linux 5.9 with "
		       "CONFIG_SECCOMP_FILTER";
	case EPERM:
	case EACCES:
		return "seccomp(2) is forbidden here, or looking into the program's process "
		       "is; have the container permit seccomp, pidfd_getfd and "
		       "process_vm_writev";
	default:
		return strerror(error);
	}
}

static int start(struct program *p, void (*execute)(void *), void *program)
{
	pid_t parent = getpid();
	int pidfd;
	struct word w;

	if (pipe2(p->said, O_CLOEXEC) || pipe2(p->may, O_CLOEXEC))
		return cannot(p, strerror(errno));
	p->pid = fork();
	if (p->pid < 0)
		return cannot(p, strerror(errno));
	if (p->pid == 0)
		be_program(p, parent, execute, program);
	close(p->said[1]);
	close(p->may[0]);
	if (read(p->said[0], &w, sizeof(w)) != sizeof(w))
		return cannot(p, "it ended before it began");
	if (w.what == CANNOT_FILTER)
		return cannot(p, reason(w.number));
	pidfd = syscall(SYS_pidfd_open, p->pid, 0);
	p->listener = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, w.number, 0);
	if (p->listener < 0 || !notices_begin(p->listener, &p->window)) {
		int error = errno;

		kill(p->pid, SIGKILL);
		return cannot(p, reason(error));
	}
	close(pidfd);
	close(p->may[1]);
	return 0;
}

/* Each system call that waits needs two descriptors in this process. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void reap(struct program *p)
{
	int status;
	pid_t pid;

	/* there may be other children, whose parent has ended */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == p->pid) {
			p->pid = 0;
			p->status = status;
		}
}

static void take_signal(struct program *p, const siginfo_t *info)
{
	if (info->si_signo == SIGCHLD) {
		reap(p);
		return;
	}
	if (!signals_all_have(info) && p->pid)
		kill(p->pid, info->si_signo);
	if (info->si_signo == SIGTSTP)
		signals_stop_too();
}

static void take_waiting_signals(struct program *p)
{
	static const struct timespec no_time;
	siginfo_t info;

	while (sigtimedwait(&p->signals.awaited, &info, &no_time) > 0)
		take_signal(p, &info);
}

/* Returns the exit status that a shell would report. */
static int exit_status(const struct program *p)
{
	struct word w;

	if (read(p->said[0], &w, sizeof(w)) == sizeof(w)) {
		fprintf(stderr, "ipq-run: %s: %s\n", p->name, strerror(w.number));
		return w.number == ENOENT ? 127 : 126;
	}
	return WIFEXITED(p->status) ? WEXITSTATUS(p->status) : 128 + WTERMSIG(p->status);
}

bool supervise_serves_32bit(void)
{
	const struct call_table *const *t = call_tables;

	while (*t && !(*t)->is_32bit)
		t++;
	return *t;
}

int supervise_run(const char *name, bool names, void (*execute)(void *), void *program)
{
	struct program p = { .name = name, .names = names, .window = choose_window() };
	bool is_used = true;
	int failed, signals;

	/* Processes whose parent ends become children of this one. So their memory can be
	 * accessed (Yama allows that for descendants), and their end is noticed. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	executions_begin();
	signals_take(&p.signals);
	failed = start(&p, execute, program);
	if (failed)
		return failed;
	allow_descriptors();
	signals = signalfd(-1, &p.signals.awaited, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || !notices_watch(signals)) {
		kill(p.pid, SIGKILL);
		return cannot(&p, strerror(errno));
	}
	while (is_used || p.pid)
		switch (notices_take()) {
		case NOTICE_OF_SIGNAL:
			take_waiting_signals(&p);
			break;
		case NOTICE_OF_END:
			is_used = false;
			break;
		case NOTICE_NONE:
			break;
		}
	return exit_status(&p);
}
