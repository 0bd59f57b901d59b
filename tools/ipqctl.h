/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands share: how they are called, and how they report
 * wrong arguments. */
#ifndef IPQCTL_H
#define IPQCTL_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit status for wrong arguments. */
#define USAGE 2

struct subcommand {
	const char *name;
	const char *summary;	/* one line, for ipqctl --help */
	const char *help;	/* what --help prints */
	const char *short_options;
	const struct option *options;
	int (*run)(int argc, char *argv[]);	/* returns the exit status */
};

extern const struct subcommand check, status, rules, try_queue;

/* Like getopt_long(3), for the options of the subcommand. Prints the help for --help, and
 * an error message for an invalid option; both end the program. */
int next_option(const struct subcommand *command, int argc, char *argv[]);

/* Ends the program with a message if an argument is left. */
void no_more_arguments(const struct subcommand *command, int argc, char *argv[]);

/* Returns the number in optarg, the argument of option. Ends the program with a message
 * if it is not a number from min to max. */
unsigned long number_argument(const struct subcommand *command, const char *option,
			      unsigned long min, unsigned long max);

/* Prints the message to stderr and ends the program with status USAGE. */
void usage_error(const struct subcommand *command, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

#endif
