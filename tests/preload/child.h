/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs programs with libipq-preload.so, and reads their output. On failure, ends the
 * test and says why. */
#ifndef PRELOAD_CHILD_H
#define PRELOAD_CHILD_H

#include <sys/types.h>

/* Returns an environment variable that meson has set: the library under
 * test, and others. */
const char *given(const char *variable);
#define PRELOAD given("PRELOAD")

struct child {
	char name[64];
	pid_t pid;
	int input, output;	/* its standard input; stdout and stderr */
	char text[65536];	/* its output, as far as not examined yet */
	size_t len;
};

/* Starts a program. The arguments that follow its name are its own. preload is the value
 * of LD_PRELOAD, NULL for none. If SUPERVISOR is set, the program runs under that instead
 * of with the library. A name without a slash is looked up in programs/. */
void child_start(struct child *c, const char *preload, const char *name, ...)
	__attribute__((sentinel));

/* Returns the next line of its output, without the newline. It must come. Valid
 * until the next call. */
const char *child_line(struct child *c);

/* The next line of its output must be this one. */
void child_says(struct child *c, const char *line);

/* Writes a line to its standard input. */
void child_tell(struct child *c, const char *line);

/* Waits for its end, which must come. Returns its exit status, or 128 + the number of the
 * signal. The rest of its output is in text. */
int child_end(struct child *c);

/* It must end with status 0 and print nothing more. */
void child_ends_well(struct child *c);

/* Starts the program and waits until it prints that it is ready. */
#define child_ready(c, ...)						\
	do {								\
		child_start(c, PRELOAD, __VA_ARGS__, NULL);		\
		child_says(c, "ready");					\
	} while (0)

/* Makes a network for the test, in which UDP packets of the family to
 * port 7 are queued. */
#define HEARD 7
int queued_port(int family);

/* Sends two packets to the port that "heard" is bound to. The program "stock 2" must
 * accept both and print their text, read that a third verdict is refused, and end. */
void child_is_served(struct child *c, int heard);

#endif
