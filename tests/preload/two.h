/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two instances of a program (ipq-run --instances), on the queue numbers 3 and 4. On
 * failure, ends the test and says why. */
#ifndef PRELOAD_TWO_H
#define PRELOAD_TWO_H

#include <sys/types.h>

#include "child.h"

#define IPQ_RUN given("IPQ_RUN")

struct two {
	struct child c;		/* ipq-run, unless a shell has started that */
	pid_t pid[2];
};

/* Removes the settings of the environment, for TestSuite. */
void two_forget_settings(void);

/* Returns the path of a program in programs/. */
const char *two_program(const char *name);

/* Starts a program that prints when it is ready. */
void two_start(struct two *t, const char *name, const char *argument);

/* What two_start does after child_start: ipq-run prints rules, and both instances that
 * they are ready. */
void two_say_rules(struct two *t);
void two_get_ready(struct two *t);

/* The next lines of output must be these, in any order. */
void two_say_all(struct child *c, const char *const lines[], int count);

/* Both instances must print this text next, each after its queue number. */
void two_say(struct two *t, const char *text);

/* Returns the line that ipq-run prints at the end of an instance, 0 or 1. */
const char *two_report(const struct two *t, int index, const char *end);

/* Returns the process id of ipq-run. */
pid_t two_ipq_run(const struct two *t);

/* Returns the parent of the process, and its state as in proc(5). */
pid_t two_look_at(pid_t pid, char *state);

/* For the program "told": signals ipq-run, which must pass that on to both. */
void two_end(struct two *t, pid_t ipq_run);

#endif
