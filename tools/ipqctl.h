/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands have in common: how they are called, what they say to
 * arguments that make no sense. */
#ifndef IPQCTL_H
#define IPQCTL_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit status for arguments that make no sense. */
#define USAGE 2

struct subcommand {
	const char *name;
	const char *summary;	/* a line, for ipqctl --help */
	const char *help;	/* what --help prints */
	const char *short_options;
	const struct option *options;
	int (*run)(int argc, char *argv[]);	/* returns the exit status */
};

extern const struct subcommand check, status, rules, try_queue;

/* As getopt_long, for the subcommand: answers --help and ends the program; says
 * what is wrong with an option and ends it too. */
int next_option(const struct subcommand *command, int argc, char *argv[]);

/* No arguments may be left. */
void no_more_arguments(const struct subcommand *command, int argc, char *argv[]);

/* The number that is the argument of option; else ends the program. */
unsigned long number_argument(const struct subcommand *command, const char *option,
			      unsigned long min, unsigned long max);

/* Says so on stderr and ends the program with status USAGE. */
void usage_error(const struct subcommand *command, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

#endif
