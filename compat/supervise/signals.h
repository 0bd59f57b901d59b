/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signals that ipq-run passes on to the programs which it has started and waits for.
 * Knows nothing of these programs. */
#ifndef SUPERVISE_SIGNALS_H
#define SUPERVISE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signals {
	sigset_t awaited;		/* those that are passed on, and SIGCHLD */
	sigset_t mask;			/* the signal mask before, */
	struct sigaction on_child;	/* and the action of SIGCHLD */
};

/* Blocks the signals; they are received with sigtimedwait(2) or signalfd(2) from now on. A
 * forked process calls signals_give_back before it executes a program. */
void signals_take(struct signals *s);
void signals_give_back(const struct signals *s);

/* Whether the programs have received the signal too. */
bool signals_all_have(const siginfo_t *info);

/* Call when SIGTSTP has been received, and passed on. */
void signals_stop_too(void);

#endif
