/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program whose calls on ip_queue's sockets are handed to this process, from its
 * start to the end of the last that it has started. Knows nothing of the calls. */
#ifndef SUPERVISE_SUPERVISE_H
#define SUPERVISE_SUPERVISE_H

#include <stdbool.h>

/* Calls with a file's name are handed over only if names is set: each takes some ten
 * microseconds then, and a signal may end it (EINTR).
 * execute(program) runs in a process of its own and must not return but when it fails,
 * with errno. Returns the exit status, after the last supervised process has ended: that
 * of the program, or 128 + its signal; 125, with the reason on stderr, if it cannot be
 * supervised; or 126 or 127. name is the program's, for messages. */
int supervise_run(const char *name, bool names, void (*execute)(void *program),
		  void *program);

#endif
