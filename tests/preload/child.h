/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs run beneath libipq-preload.so, and what they print. Whatever fails
 * here ends the test with the reason. */
#ifndef PRELOAD_CHILD_H
#define PRELOAD_CHILD_H

#include <sys/types.h>

/* The library under test, and what else meson tells by environment. */
const char *given(const char *variable);
#define PRELOAD given("PRELOAD")

struct child {
	char name[64];
	pid_t pid;
	int input, output;	/* its standard input; both output streams */
	char text[65536];	/* printed and not yet looked at */
	size_t len;
};

/* Starts a program with words after its name, and LD_PRELOAD preload (NULL to
 * leave it out); where a SUPERVISOR is given, beneath that in place of the library. One
 * without a slash is from programs/. */
void child_start(struct child *c, const char *preload, const char *name, ...)
	__attribute__((sentinel));

/* The next line, without its end, which must come. Good until the next call. */
const char *child_line(struct child *c);

/* The next line, which must be this one. */
void child_says(struct child *c, const char *line);

/* Writes a line to its standard input. */
void child_tell(struct child *c, const char *line);

/* Waits until it ends, which it must, and returns its exit status, or 128 + the
 * signal. What is left of its output is in text. */
int child_end(struct child *c);

/* It must end with status 0 and print no more. */
void child_ends_well(struct child *c);

/* Starts the program and waits for its word that it is ready. */
#define child_ready(c, ...)						\
	do {								\
		child_start(c, PRELOAD, __VA_ARGS__, NULL);		\
		child_says(c, "ready");					\
	} while (0)

/* A network of the test's own, whose UDP port 7 is queued for the family. */
#define HEARD 7
int queued_port(int family);

/* Says two words to it, heard, which the program "stock 2" lets go and repeats. It is
 * told that a third verdict is refused, and ends. */
void child_is_served(struct child *c, int heard);

#endif
