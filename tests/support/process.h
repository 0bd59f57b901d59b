/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts other processes; changes the privilege of this one, and records its stderr.
 * Knows nothing of libipq. On failure, ends the test and says why. */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct process {
	pid_t pid;
	int orders;
};

/* Forks a process that carries out orders, one after another. It has copies of all
 * descriptors, and so of handles that were created before. */
struct process process_start(void);

/* The same as the first process in a new PID namespace, as in a container. own_proc: with
 * a /proc that does not show other processes. */
struct process process_start_contained(bool own_proc);

/* Makes the process call act(arg), and returns the result. act must not assert;
 * only the test itself may. A child that is forked within act may take the place
 * of the process. */
long process_do(const struct process *p, long (*act)(long), long arg);

/* Ends the process, which closes none of its descriptors before, and waits for its
 * end. */
void process_end(const struct process *p);

/* Removes CAP_NET_ADMIN from the calling thread's effective capabilities,
 * or adds it again. */
void have_net_admin(bool have);

/* Returns the number of open descriptors of this process, plus a constant. */
int open_descriptors(void);

/* stderr_keep redirects stderr to memory. stderr_kept restores it and returns the text,
 * terminated with a NUL. */
void stderr_keep(void);
const char *stderr_kept(void);

/* The text must be one line; it must contain what. */
void assert_one_line(const char *said);
void assert_says(const char *said, const char *what);

#endif
