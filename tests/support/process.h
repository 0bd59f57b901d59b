/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other processes; this one's privilege, and what it says on stderr. Knows
 * nothing of libipq. Whatever fails here ends the test with the reason. */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct process {
	pid_t pid;
	int orders;
};

/* A fork of this process that does what it is told, one thing at a time. It
 * holds copies of all descriptors, so a handle made before lives on in it. */
struct process process_start(void);

/* The same as the first of a PID namespace of its own, as in a container; with a /proc
 * of its own, if own_proc is set, that shows no others. */
struct process process_start_contained(bool own_proc);

/* Has the process call act(arg), and returns what that returned. act must not
 * assert: only the test itself may. A fork made within act may take the place
 * of the process. */
long process_do(const struct process *p, long (*act)(long), long arg);

/* Ends the process, closing nothing first, and waits until it is gone. */
void process_end(const struct process *p);

/* Takes CAP_NET_ADMIN out of the calling thread's effective set, or puts it
 * back. */
void have_net_admin(bool have);

/* How many descriptors this process has open; some more, always as many. */
int open_descriptors(void);

/* Keeps what is written to stderr from now on; returns it, NUL-terminated, and
 * lets stderr be as before. */
void stderr_keep(void);
const char *stderr_kept(void);

/* It must be one line; it must tell what. */
void assert_one_line(const char *said);
void assert_says(const char *said, const char *what);

#endif
