/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts several instances of one program, each with a queue number of its own, and waits
 * for all of them to end. Knows nothing of the program but how to execute it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "instances.h"
#include "signals.h"

struct group {
	const struct instances *set;
	const char *name;
	pid_t pid[INSTANCES_MAX];	/* 0 once the instance has ended */
	unsigned int left;		/* instances that have not ended */
	int status;			/* exit status of the first that failed */
	int unable;			/* 126 or 127: the program cannot be executed */
	int *error;			/* shared memory: the errno with which each
					 * instance failed to execute it, or 0 */
	int gate[2];			/* a pipe: instances wait until it is closed */
	struct signals signals;
};

static bool plan_queues(const char *variable, unsigned int count, unsigned int *first)
{
	const char *text = getenv(variable);
	unsigned long number;
	char *end;

	*first = 0;
	if (!text)
		return true;
	number = strtoul(text, &end, 10);
	/* strtoul(3) also accepts a sign, leading spaces and an empty string */
	if (text[0] < '0' || *end || number > UINT16_MAX) {
		fprintf(stderr, "ipq-run: --instances %u: %s=%s: each instance has one "
			"queue; expected the number of the first one's\n", count, variable,
			text);
		return false;
	}
	*first = number;
	if (*first + count - 1 > UINT16_MAX) {
		fprintf(stderr, "ipq-run: --instances %u: %s=%s: expected queues up to "
			"65535, not %u\n", count, variable, text, *first + count - 1);
		return false;
	}
	return true;
}

bool instances_plan(struct instances *set, unsigned int count)
{
	unsigned int apart;

	*set = (struct instances) {
		.count = count,
		.has_queue6 = getenv("LIBIPQ_QUEUE6"),
	};
	if (!plan_queues("LIBIPQ_QUEUE", count, &set->queue) ||
	    !plan_queues("LIBIPQ_QUEUE6", count, &set->queue6))
		return false;
	if (!set->has_queue6)
		set->queue6 = set->queue;
	apart = set->queue6 > set->queue ? set->queue6 - set->queue :
					   set->queue - set->queue6;
	if (apart && apart < count) {
		fprintf(stderr, "ipq-run: --instances %u: queues %u to %u and, for IPv6, "
			"%u to %u overlap\n", count, set->queue, set->queue + count - 1,
			set->queue6, set->queue6 + count - 1);
		return false;
	}
	return true;
}

static bool tell_rule(const struct instances *set, const char *family,
		      const char *command, unsigned int first, const char *variable)
{
	unsigned int last = first + set->count - 1;
	char balance[32];

	snprintf(balance, sizeof(balance), "%u:%u", first, last);
	if (set->count == 1) {		/* --queue-balance needs at least two */
		snprintf(balance, sizeof(balance), "%u", first);
		unsetenv(variable);
	} else if (setenv(variable, balance, 1)) {
		return false;
	}
	fprintf(stderr, "ipq-run: rule for %s: %s -A INPUT -j NFQUEUE --queue-%s %s\n",
		family, command, set->count == 1 ? "num" : "balance", balance);
	return true;
}

static bool set_queue(const char *variable, unsigned int queue)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", queue);
	return !setenv(variable, text, 1);
}

/* Runs in the forked process. Does not return. */
static void be_instance(const struct group *g, unsigned int index, pid_t parent,
			void (*execute)(void *), void *program)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	close(g->gate[1]);
	/* The gate also opens if the parent ended before prctl(2) was called, in which
	 * case the signal does not come. */
	if (read(g->gate[0], &byte, 1) || getppid() != parent)
		_exit(128 + SIGTERM);
	if (set_queue("LIBIPQ_QUEUE", g->set->queue + index) &&
	    (!g->set->has_queue6 ||
	     set_queue("LIBIPQ_QUEUE6", g->set->queue6 + index))) {
		signals_give_back(&g->signals);
		execute(program);
	}
	g->error[index] = errno;
	_exit(126);
}

static void tell(const struct group *g, int signal)
{
	for (unsigned int i = 0; i < g->set->count; i++)
		if (g->pid[i])
			kill(g->pid[i], signal);
}

static void cannot_run(struct group *g, int error)
{
	if (g->unable)
		return;
	fprintf(stderr, "ipq-run: %s: %s\n", g->name, strerror(error));
	g->unable = error == ENOENT ? 127 : 126;
	tell(g, SIGTERM);
	tell(g, SIGCONT);
}

static void pass_on(const struct group *g, const siginfo_t *info)
{
	if (!signals_all_have(info))
		tell(g, info->si_signo);
	if (info->si_signo == SIGTSTP)
		signals_stop_too();
}

/* strsignal(3) returns descriptions, and not every C library has sigabbrev_np(3). */
static const char *signal_name(int signal)
{
#define NAME(signal) [signal] = #signal
	static const char *const names[] = {
		NAME(SIGHUP), NAME(SIGINT), NAME(SIGQUIT), NAME(SIGILL),
		NAME(SIGTRAP), NAME(SIGABRT), NAME(SIGBUS), NAME(SIGFPE),
		NAME(SIGKILL), NAME(SIGUSR1), NAME(SIGSEGV), NAME(SIGUSR2),
		NAME(SIGPIPE), NAME(SIGALRM), NAME(SIGTERM), NAME(SIGXCPU),
		NAME(SIGXFSZ), NAME(SIGVTALRM), NAME(SIGPROF), NAME(SIGSYS),
	};
#undef NAME
	static char other[32];

	if (signal < (int)(sizeof(names) / sizeof(names[0])) && names[signal])
		return names[signal];
	snprintf(other, sizeof(other), "signal %d", signal);
	return other;
}

static void report(struct group *g, unsigned int index, int status)
{
	char which[96];
	int n;

	n = snprintf(which, sizeof(which), "instance %u, pid %d, queue %u", index + 1,
		     (int)g->pid[index], g->set->queue + index);
	if (g->set->has_queue6)
		snprintf(which + n, sizeof(which) - n, ", IPv6 queue %u",
			 g->set->queue6 + index);
	if (WIFEXITED(status))
		fprintf(stderr, "ipq-run: %s: exit status %d\n", which,
			WEXITSTATUS(status));
	else
		fprintf(stderr, "ipq-run: %s: killed by %s\n", which,
			signal_name(WTERMSIG(status)));
	if (g->status == 0)
		g->status = WIFEXITED(status) ? WEXITSTATUS(status) :
						128 + WTERMSIG(status);
}

static void gone(struct group *g, unsigned int index, int status)
{
	if (!g->error[index])
		report(g, index, status);
	g->pid[index] = 0;
	g->left--;
	if (g->error[index])
		cannot_run(g, g->error[index]);
}

static void reap(struct group *g)
{
	int status;
	pid_t pid;

	/* there may be other children: those of the process that executed ipq-run */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned int i = 0; i < g->set->count; i++)
			if (g->pid[i] == pid) {
				gone(g, i, status);
				break;
			}
}

/* Forks all instances, which then wait at the gate. */
static bool start_all(struct group *g, void (*execute)(void *), void *program)
{
	pid_t pid, parent = getpid();

	g->error = mmap(NULL, g->set->count * sizeof(*g->error), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (g->error == MAP_FAILED || pipe2(g->gate, O_CLOEXEC))
		return false;
	for (; g->left < g->set->count; g->left++) {
		pid = fork();
		if (pid < 0)
			return false;
		if (pid == 0)
			be_instance(g, g->left, parent, execute, program);
		g->pid[g->left] = pid;
	}
	return true;
}

/* A signal that the terminal sent while instances were being forked has reached only some
 * of them, so it is sent to all. None receives it twice: they still block it, and a
 * blocked signal becomes pending only once. */
static void open_gate(struct group *g)
{
	static const struct timespec no_time;
	siginfo_t info;

	while (sigtimedwait(&g->signals.awaited, &info, &no_time) > 0)
		if (info.si_signo == SIGTSTP)
			signals_stop_too();	/* the gate has stopped the instances already */
		else if (info.si_signo == SIGCHLD)
			reap(g);
		else
			tell(g, info.si_signo);
	close(g->gate[0]);
	close(g->gate[1]);
}

int instances_run(const struct instances *set, const char *name,
		  void (*execute)(void *program), void *program)
{
	struct group g = { .set = set, .name = name };
	siginfo_t info;

	signals_take(&g.signals);
	if (!tell_rule(set, "IPv4", "iptables", set->queue, "IPQ_RUN_BALANCE") ||
	    !tell_rule(set, "IPv6", "ip6tables", set->queue6, "IPQ_RUN_BALANCE6") ||
	    !start_all(&g, execute, program)) {
		fprintf(stderr, "ipq-run: %s: %s\n", name, strerror(errno));
		tell(&g, SIGKILL);	/* they have not executed the program yet */
		return 126;
	}
	open_gate(&g);
	while (g.left) {
		if (sigwaitinfo(&g.signals.awaited, &info) < 0)
			continue;	/* EINTR after a stop (signal(7)) */
		if (info.si_signo == SIGCHLD)
			reap(&g);
		else
			pass_on(&g, &info);
	}
	return g.unable ? g.unable : g.status;
}
