/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs an unmodified old program with libipq-preload.so beneath it. Sets the
 * environment and is gone; knows nothing of packets. */
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

#define LIBRARY "libipq-preload.so"

static const char usage[] =
"usage: ipq-run [OPTION]... PROGRAM [ARGUMENT]...\n"
"Runs PROGRAM, written for ip_queue, on nfnetlink_queue: linked to libipq.so.0,\n"
"with libipq inside, or speaking netlink protocol 3 or 13 itself.\n"
"\n"
"  -q, --queue N        queue number, 0 to 65535 (default 0)\n"
"  -6, --queue6 N       queue number for IPv6 (default that of --queue)\n"
"  -m, --maxlen N       packets that may wait for a verdict, -1 for no limit\n"
"                       (default 1024)\n"
"  -r, --rcvbuf BYTES   receive buffer (default: room for a full queue)\n"
"  -d, --debug          explain on stderr why a request is refused\n"
"  -n, --no-iptables    leave PATH alone: do not turn -j QUEUE into -j NFQUEUE\n"
"                       in iptables commands that PROGRAM runs\n"
"  -l, --library FILE   preload this file\n"
"  -h, --help           print this and exit\n"
"  -V, --version        print the version and exit\n"
"\n"
"Exit status: that of PROGRAM; 125 if it cannot be served, 126 if it cannot be\n"
"run, 127 if it is not found.\n";

static const struct option options[] = {
	{ "queue", required_argument, NULL, 'q' },
	{ "queue6", required_argument, NULL, '6' },
	{ "maxlen", required_argument, NULL, 'm' },
	{ "rcvbuf", required_argument, NULL, 'r' },
	{ "debug", no_argument, NULL, 'd' },
	{ "no-iptables", no_argument, NULL, 'n' },
	{ "library", required_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void die(int status, const char *name, const char *why)
{
	fprintf(stderr, "ipq-run: %s: %s\n", name, why);
	exit(status);
}

/* A number from min to max, as the library reads it. */
static void set_number(const char *option, const char *variable, const char *text,
		       long long min, long long max)
{
	char *end, why[64];
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || end == text || *end || n < min || n > max) {
		snprintf(why, sizeof(why), "want a number from %lld to %lld", min, max);
		fprintf(stderr, "ipq-run: %s %s: %s\n", option, text, why);
		exit(125);
	}
	setenv(variable, text, 1);
}

/* Where this program is, with no file name. */
static void own_directory(char dir[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX - 1);

	if (n < 0)
		die(125, "/proc/self/exe", strerror(errno));
	dir[n] = '\0';
	*strrchr(dir, '/') = '\0';
}

static bool is_file(char path[PATH_MAX], const char *dir, const char *rest)
{
	return snprintf(path, PATH_MAX, "%s/%s", dir, rest) < PATH_MAX &&
	       !access(path, R_OK);
}

/* With $LIB the loader chooses, for children of the other class as well; but
 * only where the distribution's directories are meant. */
static bool use_lib_token(const char *dir, char path[PATH_MAX])
{
	void *library;

	if (snprintf(path, PATH_MAX, "%s/../$LIB/libipq/" LIBRARY, dir) >= PATH_MAX)
		return false;
	library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (library)
		dlclose(library);
	return library;
}

static bool find_library(enum program_class class, char path[PATH_MAX])
{
	static const char *const places_32bit[] = {
		"../lib/i386-linux-gnu/libipq/" LIBRARY,
		"../lib/arm-linux-gnueabihf/libipq/" LIBRARY,
		"../lib32/libipq/" LIBRARY,
		"../lib/libipq/" LIBRARY,
		"32/" LIBRARY,
	};
	char dir[PATH_MAX];
	bool found = false;

	own_directory(dir);
	if (class == PROGRAM_NATIVE)
		found = is_file(path, dir, LIBRARY) ||	/* in the build tree */
			is_file(path, dir, PRELOAD_FROM_BINDIR "/" LIBRARY);
	for (size_t i = 0; class == PROGRAM_32BIT && !found &&
	     i < sizeof(places_32bit) / sizeof(places_32bit[0]); i++)
		found = is_file(path, dir, places_32bit[i]);
	if (found && !strstr(path, "/32/")) {
		char with_token[PATH_MAX];

		if (use_lib_token(dir, with_token))
			strcpy(path, with_token);
	}
	return found;
}

/* Puts value in front of what the variable holds. */
static void prepend(const char *variable, const char *value)
{
	const char *old = getenv(variable);
	char *both;

	if (asprintf(&both, "%s%s%s", value, old && *old ? ":" : "", old ? old : "") < 0)
		die(125, variable, "out of memory");
	setenv(variable, both, 1);
	free(both);
}

static void add_wrappers(void)
{
	char dir[PATH_MAX], path[PATH_MAX];

	own_directory(dir);
	if (is_file(path, dir, "wrappers") ||
	    is_file(path, dir, WRAPPERS_FROM_BINDIR))
		prepend("PATH", path);
}

int main(int argc, char **argv)
{
	char path[PATH_MAX], library[PATH_MAX] = "", culprit[PATH_MAX];
	enum program_class class;
	bool wrappers = true;
	const char *why;
	int option;

	while ((option = getopt_long(argc, argv, "+q:6:m:r:dnl:hV", options, NULL)) != -1)
		switch (option) {
		case 'q':
			set_number("--queue", "LIBIPQ_QUEUE", optarg, 0, 65535);
			break;
		case '6':
			set_number("--queue6", "LIBIPQ_QUEUE6", optarg, 0, 65535);
			break;
		case 'm':
			set_number("--maxlen", "LIBIPQ_MAXLEN", optarg, -1, UINT_MAX);
			break;
		case 'r':
			set_number("--rcvbuf", "LIBIPQ_RCVBUF", optarg, 1, INT_MAX / 2);
			break;
		case 'd':
			setenv("LIBIPQ_DEBUG", "1", 1);
			break;
		case 'n':
			wrappers = false;
			break;
		case 'l':
			snprintf(library, sizeof(library), "%s", optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			puts("ipq-run " VERSION);
			return 0;
		default:
			fputs("Try 'ipq-run --help'.\n", stderr);
			return 125;
		}
	if (optind == argc) {
		fputs("ipq-run: no program given\nTry 'ipq-run --help'.\n", stderr);
		return 125;
	}

	if (!program_find(argv[optind], path))
		die(errno == ENOENT ? 127 : 126, argv[optind], strerror(errno));
	why = program_examine(path, &class, culprit);
	if (why)
		die(125, culprit, why);
	if (!library[0] && !find_library(class, library))
		die(125, culprit, class == PROGRAM_32BIT ?
		    "is a 32-bit program, and there is no 32-bit " LIBRARY "; "
		    "install it, or name it with --library" :
		    "cannot be served without " LIBRARY ", which is not where it "
		    "was installed; name it with --library");
	prepend("LD_PRELOAD", library);
	if (wrappers)
		add_wrappers();
	execv(path, argv + optind);
	if (errno == ENOEXEC) {		/* as execvp(3): a script with no #! */
		argv[--optind] = "sh";
		argv[optind + 1] = path;
		execv("/bin/sh", argv + optind);
	}
	die(126, path, strerror(errno));
}
