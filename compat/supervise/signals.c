/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signals that ipq-run passes on to the programs which it has started and waits for.
 * Knows nothing of these programs. */
#include <stddef.h>
#include <unistd.h>

#include "signals.h"

/* Signals that users and other processes send to a program. */
static const int forwarded[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT,
};

/* A blocked signal becomes pending even if it is ignored (sig_ignored in the kernel), so
 * that it can be passed on to a program that has a handler for it. */
void signals_take(struct signals *s)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t blocked;

	sigemptyset(&s->awaited);
	sigaddset(&s->awaited, SIGCHLD);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&s->awaited, forwarded[i]);
	blocked = s->awaited;
	sigaddset(&blocked, SIGPIPE);	/* nobody may be reading our stderr any more */
	sigprocmask(SIG_BLOCK, &blocked, &s->mask);
	/* if SIGCHLD is ignored, the kernel discards exit statuses (wait(2)) */
	sigaction(SIGCHLD, &by_default, &s->on_child);
}

void signals_give_back(const struct signals *s)
{
	sigaction(SIGCHLD, &s->on_child, NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

/* A signal from the terminal comes from the kernel and goes to the whole process group; at
 * a hangup, however, it goes to the session leader only (tty_signal_session_leader). */
bool signals_all_have(const siginfo_t *info)
{
	return info->si_code == SI_KERNEL && info->si_signo != SIGCONT &&
	       (info->si_signo != SIGHUP || getsid(0) != getpid());
}

/* SIGSTOP would stop this process even in an orphaned process group, where no shell would
 * continue it; SIGTSTP does not (do_signal_stop and is_current_pgrp_orphaned in the
 * kernel). */
void signals_stop_too(void)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	sigprocmask(SIG_BLOCK, &stop, NULL);
}
