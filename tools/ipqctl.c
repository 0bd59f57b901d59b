/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl: inspects, translates and tries what libipq depends on. This file has the table
 * of subcommands and what they need to read their arguments. */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipqctl.h"
#include "text.h"

static const struct subcommand *const table[] = { &check, &status, &rules, &try_queue };

#define COUNT (sizeof(table) / sizeof(*table))

static void help(FILE *to)
{
	fprintf(to, "usage: ipqctl COMMAND [OPTION]...\n\n");
	for (size_t i = 0; i < COUNT; i++)
		fprintf(to, "  %-8s %s\n", table[i]->name, table[i]->summary);
	fprintf(to, "\nipqctl COMMAND --help describes a command.\n");
}

/* Returns the exit status, or 1 if not all output could be written. */
static int written(int ended)
{
	if (!fflush(stdout) && !ferror(stdout))
		return ended;
	perror("ipqctl: standard output");
	return 1;
}

void usage_error(const struct subcommand *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "ipqctl %s: ", command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; see ipqctl %s --help\n", command->name);
	exit(USAGE);
}

int next_option(const struct subcommand *command, int argc, char *argv[])
{
	int c;

	opterr = 0;
	c = getopt_long(argc, argv, command->short_options, command->options, NULL);
	switch (c) {
	case 'h':
		printf("usage: ipqctl %s", command->help);
		exit(written(0));
	case ':':
		usage_error(command, "%s: missing argument", argv[optind - 1]);
	case '?':
		if (optopt && !strchr(command->short_options, optopt))
			usage_error(command, "-%c: unknown option", optopt);
		usage_error(command, "%s: unknown option", argv[optind - 1]);
	}
	return c;
}

void no_more_arguments(const struct subcommand *command, int argc, char *argv[])
{
	if (optind < argc)
		usage_error(command, "%s: unexpected argument",
			    argv[optind]);
}

unsigned long number_argument(const struct subcommand *command, const char *option,
			      unsigned long min, unsigned long max)
{
	unsigned long number;

	if (!text_number(text_of(optarg), max, &number) || number < min)
		usage_error(command, "%s %s: invalid number, expected %lu to %lu", option, optarg,
			    min, max);
	return number;
}

/* Programs that list rules are often in directories that an ordinary user's
 * PATH does not name. */
static void extend_path(void)
{
	static const char system[] = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";
	const char *path = getenv("PATH");
	char *longer;

	if (!path || !*path) {
		setenv("PATH", system, 1);
	} else if (asprintf(&longer, "%s:%s", path, system) >= 0) {
		setenv("PATH", longer, 1);
		free(longer);
	}
	/* messages of these programs are compared with English ones */
	setenv("LC_ALL", "C", 1);
}

/* If a standard descriptor is closed, the queue's socket would get its number. Opens it
 * so that reading and writing fail as before. */
static void keep_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			exit(1);
}

int main(int argc, char *argv[])
{
	keep_standard_descriptors();
	/* a parent may have set SIGCHLD to be ignored: wait(2) would then not
	 * report children */
	signal(SIGCHLD, SIG_DFL);
	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help(argc < 2 ? stderr : stdout);
		return written(argc < 2 ? USAGE : 0);
	}
	if (!strcmp(argv[1], "--version")) {
		printf("ipqctl " VERSION "\n");
		return written(0);
	}
	for (size_t i = 0; i < COUNT; i++) {
		if (strcmp(argv[1], table[i]->name))
			continue;
		extend_path();
		return written(table[i]->run(argc - 1, argv + 1));
	}
	fprintf(stderr, "ipqctl: %s: no such command; see ipqctl --help\n", argv[1]);
	return USAGE;
}
