/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts several instances of one program, each with a queue number of its own, and waits
 * for all of them to end. Knows nothing of the program but how to execute it. */
#ifndef RUN_INSTANCES_H
#define RUN_INSTANCES_H

#include <stdbool.h>

#define INSTANCES_MAX 256

struct instances {
	unsigned int count;
	unsigned int queue;		/* of the first; the others have the next */
	unsigned int queue6;		/* the same for IPv6 */
	bool has_queue6;		/* LIBIPQ_QUEUE6 is set */
};

/* Fills in set for count instances, whose queue numbers begin with LIBIPQ_QUEUE and
 * LIBIPQ_QUEUE6. Returns false, and prints the reason on stderr, if such queue numbers
 * are not possible. */
bool instances_plan(struct instances *set, unsigned int count);

/* Runs the instances: calls execute(program) in a process for each, which returns only if
 * it fails, with errno set. Prints the rules that spread packets over the instances, and
 * tells them to the wrappers of iptables in the environment. Passes signals on, and
 * reports how each instance ends. Returns after the last one has ended, with the exit
 * status of the first that failed, 0 if none did, or 126 or 127 if the program cannot be
 * executed. name is the program's name, for messages. */
int instances_run(const struct instances *set, const char *name,
		  void (*execute)(void *program), void *program);

#endif
