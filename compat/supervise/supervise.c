/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program whose calls on ip_queue's sockets are handed to this process, from its
 * start to the end of the last that it has started. Knows nothing of the calls. */
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
#include <sys/syscall.h>
#include <sys/wait.h>

#include "executions.h"
#include "filter.h"
#include "notices.h"
#include "supervise.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

/* Those that somebody may send to the program. */
static const int forwarded[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT,
};

struct program {
	const char *name;
	bool names;			/* of files are handed over */
	pid_t pid;			/* 0 when it has ended, */
	int status;			/* as waitpid(2) tells */
	int said[2];			/* what it says of its start */
	int may[2];			/* closed when it may go on */
	int listener;
	int signals;
	sigset_t awaited, mask;
	struct sigaction on_child;
	struct window window;
};

/* What the program says before it is executed, and if it cannot be. */
struct word {
	enum { CANNOT_FILTER, LISTENS, CANNOT_EXECUTE } what;
	int number;			/* errno, or the descriptor */
};

#define WINDOW 64			/* descriptors */
#define SELECT_MAX 1024			/* select(2) knows no higher ones */

/* As high as any program can have them: it has others there last. */
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

/* In the forked process. Without CAP_SYS_ADMIN a filter needs that no program gains
 * privileges any more. */
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
	sigaction(SIGCHLD, &p->on_child, NULL);
	sigprocmask(SIG_SETMASK, &p->mask, NULL);
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

/* Each call that waits has two of our descriptors. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* From here on signals wait to be taken. Blocked, they are kept even if ignored
 * (sig_ignored in the kernel). */
static void take_signals(struct program *p)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t blocked;

	sigemptyset(&p->awaited);
	sigaddset(&p->awaited, SIGCHLD);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&p->awaited, forwarded[i]);
	blocked = p->awaited;
	sigaddset(&blocked, SIGPIPE);
	sigprocmask(SIG_BLOCK, &blocked, &p->mask);
	sigaction(SIGCHLD, &by_default, &p->on_child);
}

static void reap(struct program *p)
{
	int status;
	pid_t pid;

	/* others are left to us when who started them has ended */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == p->pid) {
			p->pid = 0;
			p->status = status;
		}
}

/* What the terminal sends comes from the kernel and reaches the whole process
 * group; but at a hangup only the session's leader (tty_signal_session_leader). */
static bool all_have_it(const siginfo_t *info)
{
	return info->si_code == SI_KERNEL && info->si_signo != SIGCONT &&
	       (info->si_signo != SIGHUP || getsid(0) != getpid());
}

static void take_signal(struct program *p, const siginfo_t *info)
{
	sigset_t stop;

	if (info->si_signo == SIGCHLD) {
		reap(p);
		return;
	}
	if (!all_have_it(info) && p->pid)
		kill(p->pid, info->si_signo);
	if (info->si_signo == SIGTSTP) {
		sigemptyset(&stop);
		sigaddset(&stop, SIGTSTP);
		raise(SIGTSTP);
		sigprocmask(SIG_UNBLOCK, &stop, NULL);
		sigprocmask(SIG_BLOCK, &stop, NULL);
	}
}

static void take_waiting_signals(struct program *p)
{
	static const struct timespec no_time;
	siginfo_t info;

	while (sigtimedwait(&p->awaited, &info, &no_time) > 0)
		take_signal(p, &info);
}

/* As a shell has it. */
static int exit_status(const struct program *p)
{
	struct word w;

	if (read(p->said[0], &w, sizeof(w)) == sizeof(w)) {
		fprintf(stderr, "ipq-run: %s: %s\n", p->name, strerror(w.number));
		return w.number == ENOENT ? 127 : 126;
	}
	return WIFEXITED(p->status) ? WEXITSTATUS(p->status) : 128 + WTERMSIG(p->status);
}

int supervise_run(const char *name, bool names, void (*execute)(void *), void *program)
{
	struct program p = { .name = name, .names = names, .window = choose_window() };
	bool is_used = true;
	int failed;

	/* those whose parent ends stay below us, where their memory may be looked into
	 * (yama in the kernel), and their end is seen */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	executions_begin();
	take_signals(&p);
	failed = start(&p, execute, program);
	if (failed)
		return failed;
	allow_descriptors();
	p.signals = signalfd(-1, &p.awaited, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p.signals < 0 || !notices_watch(p.signals)) {
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
