/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program whose system calls on ip_queue's sockets are handed over to this
 * process, until the program and all processes that it has started have ended. Knows
 * nothing of the system calls. */
#ifndef SUPERVISE_SUPERVISE_H
#define SUPERVISE_SUPERVISE_H

#include <stdbool.h>

/* Whether programs for another architecture, with 32 bits, can be supervised too. */
bool supervise_serves_32bit(void);

/* Calls execute(program) in a process of its own, which returns only if it fails, with
 * errno set. System calls with a file name are handed over only if names is set: each of
 * them then takes about ten microseconds, and a signal may end it (EINTR). Returns after
 * the last supervised process has ended, with the exit status: that of the program, or
 * 128 + the number of the signal that killed it; 125, with the reason on stderr, if the
 * program cannot be supervised; 126 or 127 if it cannot be executed. name is the
 * program's name, for messages. */
int supervise_run(const char *name, bool names, void (*execute)(void *program),
		  void *program);

#endif
