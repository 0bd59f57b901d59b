/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of one program, each on a queue of its own, from their start to the end
 * of the last. Knows nothing of the program but how to have it executed. */
#ifndef RUN_INSTANCES_H
#define RUN_INSTANCES_H

#include <stdbool.h>

#define INSTANCES_MAX 256

struct instances {
	unsigned int count;
	unsigned int queue;		/* that of the first; the others' follow */
	unsigned int queue6;		/* likewise for IPv6, */
	bool has_queue6;		/* if that is another */
};

/* Fills in set for so many, on the queues that LIBIPQ_QUEUE and LIBIPQ_QUEUE6 begin
 * with. Returns false, and says why on stderr, if there are no such queues. */
bool instances_plan(struct instances *set, unsigned int count);

/* Runs them: execute(program) in a process each, which must not return but when it
 * fails, with errno. Says which rules spread packets over them, which the wrappers of
 * iptables are told too; passes signals on and reports each end; returns after the
 * last with the exit status for all. name is the program's, for messages. */
int instances_run(const struct instances *set, const char *name,
		  void (*execute)(void *program), void *program);

#endif
