/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq-run: runs an unmodified program with libipq-preload.so preloaded. Sets the
 * environment and then executes the program in its own place, unless there are several
 * instances or the program is supervised. Knows nothing of packets. */
#include <elf.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "execution.h"
#include "instances.h"
#include "library.h"
#include "path.h"
#include "program.h"
#include "settings.h"
#include "supervise.h"

static const char usage[] =
"usage: ipq-run [OPTION]... PROGRAM [ARGUMENT]...\n"
"Runs PROGRAM, which was written for ip_queue, on nfnetlink_queue. It may be\n"
"linked to libipq.so.0, contain libipq, or use netlink protocol 3 or 13 itself.\n"
"\n"
"  -q, --queue N        queue number, 0 to 65535, or a range such as 4-7\n"
"                       (default 0)\n"
"  -6, --queue6 N       queue number for IPv6 (default: that of --queue)\n"
"  -i, --instances N    run N instances, on the queues from --queue on\n"
"  -m, --maxlen N       how many packets may wait for a verdict, -1 for no limit\n"
"                       (default 1024)\n"
"  -r, --rcvbuf BYTES   receive buffer in bytes (default: room for a full\n"
"                       queue)\n"
"  -b, --batch N        receive, or decide on, up to N packets in a system call,\n"
"                       1 to 1024 (default 1)\n"
"  -f, --fail-open      accept packets for which the queue has no room\n"
"  -g, --gso            queue packets before they are cut to the device's size\n"
"  -t, --truncated WHAT what happens to packets that are too long for the\n"
"                       program's buffer: error, accept or drop (default error,\n"
"                       as with ip_queue)\n"
"  -d, --debug          explain on stderr why a request is refused\n"
"  -T, --trace[=FILE]   write to FILE, or standard error, a line for each packet\n"
"                       that PROGRAM reads and each verdict that it gives\n"
"  -n, --no-iptables    do not change PATH, nor -j QUEUE to -j NFQUEUE in\n"
"                       iptables commands that PROGRAM runs\n"
"  -F, --no-follow      do not restore the environment of programs that\n"
"                       PROGRAM starts without it (env -i, sudo); they are\n"
"                       not served then\n"
"  -l, --library FILE   preload this file\n"
"  -s, --supervise      preload nothing, but handle the system calls of\n"
"                       PROGRAM, for programs that make system calls\n"
"                       themselves; the default for static programs\n"
"  -h, --help           print this help and exit\n"
"  -V, --version        print the version and exit\n"
"\n"
"Exit status: that of PROGRAM, or of the first instance that fails; 125 if it\n"
"cannot be served, 126 if it cannot be run, 127 if it is not found.\n";

static const struct option options[] = {
	{ "queue", required_argument, NULL, 'q' },
	{ "queue6", required_argument, NULL, '6' },
	{ "instances", required_argument, NULL, 'i' },
	{ "maxlen", required_argument, NULL, 'm' },
	{ "rcvbuf", required_argument, NULL, 'r' },
	{ "batch", required_argument, NULL, 'b' },
	{ "fail-open", no_argument, NULL, 'f' },
	{ "gso", no_argument, NULL, 'g' },
	{ "truncated", required_argument, NULL, 't' },
	{ "debug", no_argument, NULL, 'd' },
	{ "trace", optional_argument, NULL, 'T' },
	{ "no-iptables", no_argument, NULL, 'n' },
	{ "no-follow", no_argument, NULL, 'F' },
	{ "library", required_argument, NULL, 'l' },
	{ "supervise", no_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void die(int status, const char *name, const char *why)
{
	fprintf(stderr, "ipq-run: %s: %s\n", name, why);
	exit(status);
}

/* Exits with the status that a shell would use. */
static void cannot_run(const char *name)
{
	die(errno == ENOENT ? 127 : 126, name, strerror(errno));
}

static int print(const char *text)
{
	if (dprintf(STDOUT_FILENO, "%s", text) < 0)
		die(125, "standard output", strerror(errno));
	return 0;
}

/* Exits on failure, as without the variable the program would not be served correctly. */
static void set_variable(const char *variable, const char *value)
{
	if (setenv(variable, value, 1))
		die(125, variable, strerror(errno));
}

/* Parses a decimal number from min to max, but not "-0". Sets end to the text after it. A
 * number that strtoll(3) cannot represent is beyond min or max too. */
static bool parse(const char *text, long long min, long long max, const char **end,
		  long long *n)
{
	if ((text[0] < '0' || text[0] > '9') &&
	    (text[0] != '-' || min >= 0 || text[1] == '0'))
		return false;
	*n = strtoll(text, (char **)end, 10);
	return *n >= min && *n <= max;
}

static long long read_number(const char *option, const char *text, long long min,
			     long long max)
{
	const char *end;
	long long n;

	if (!parse(text, min, max, &end, &n) || *end) {
		fprintf(stderr, "ipq-run: %s %s: expected a number from %lld to %lld\n",
			option, text, min, max);
		exit(125);
	}
	return n;
}

static void set_number(const char *option, const char *variable, const char *text,
		       long long min, long long max)
{
	read_number(option, text, min, max);
	set_variable(variable, text);
}

static void set_truncated(const char *what)
{
	if (strcmp(what, "error") && strcmp(what, "accept") && strcmp(what, "drop")) {
		fprintf(stderr, "ipq-run: --truncated %s: expected error, accept or drop\n", what);
		exit(125);
	}
	set_variable("LIBIPQ_TRUNCATED", what);
}

static void set_queues(const char *option, const char *variable, const char *text)
{
	long long first, last;
	const char *end;

	if (!parse(text, 0, UINT16_MAX, &end, &first) ||
	    (*end == '-' && (!parse(end + 1, first, UINT16_MAX, &end, &last) ||
			     last - first >= SETTINGS_RANGE_MAX)) || *end) {
		fprintf(stderr, "ipq-run: %s %s: expected a number from 0 to 65535, or up to "
			"%d of them as 4-7\n", option, text, SETTINGS_RANGE_MAX);
		exit(125);
	}
	set_variable(variable, text);
	/* an ipq-run that an instance of another ipq-run executes has its own queues */
	unsetenv("IPQ_RUN_BALANCE");
	unsetenv("IPQ_RUN_BALANCE6");
}

/* Sets the absolute name of the file, as programs change their working directory before
 * they create a handle. */
static void set_trace(const char *file)
{
	char directory[PATH_MAX], *whole = NULL;

	if (!file || *file == '/') {
		set_variable("LIBIPQ_TRACE", file ? file : "1");
		return;
	}
	if (!getcwd(directory, sizeof(directory)) ||
	    asprintf(&whole, "%s/%s", directory, file) < 0)
		die(125, file, strerror(errno));
	set_variable("LIBIPQ_TRACE", whole);
	free(whole);
}

/* Finds the absolute name of the file, as programs change their working directory. */
static void find_named(const char *file, char path[PATH_MAX])
{
	if (realpath(file, path) && !access(path, R_OK))
		return;
	fprintf(stderr, "ipq-run: --library: %s: %s\n", file, strerror(errno));
	exit(125);
}

/* Puts value before the present value of the variable; "otherwise" is used in place of an
 * empty one. */
static void prepend(const char *variable, const char *value, const char *otherwise)
{
	const char *old = getenv(variable);
	char *both;

	if (!old || !*old)
		old = otherwise;
	if (asprintf(&both, "%s%s%s", value, *old ? ":" : "", old) < 0)
		die(125, variable, strerror(ENOMEM));
	set_variable(variable, both);
	free(both);
}

/* A program that is linked to libipq.so.0 finds one in the directory of the preload
 * library, which is searched after the present LD_LIBRARY_PATH. */
static void find_libipq(const char *library)
{
	const char *old = getenv("LD_LIBRARY_PATH");
	char *both;

	if (asprintf(&both, "%s%s%.*s", old ? old : "", old && *old ? ":" : "",
		     (int)(path_base(library) - library - 1), library) < 0)
		die(125, "LD_LIBRARY_PATH", strerror(ENOMEM));
	set_variable("LD_LIBRARY_PATH", both);
	free(both);
}

static void preload(const char *library, bool follow)
{
	/* for the loader these characters separate names in LD_PRELOAD (ld.so(8)) */
	if (strpbrk(library, " :"))
		die(125, library, "its name has a blank or a colon, and cannot be "
		    "preloaded; install it elsewhere, or name a copy with --library");
	if (access("/proc/self", F_OK))
		fprintf(stderr, "ipq-run: /proc is not mounted here: the program finds none of "
			"the module's files, and no sysctls\n");
	prepend("LD_PRELOAD", library, "");
	find_libipq(library);
	if (follow)
		set_variable(ENVIRONMENT_FOLLOW, library);
}

/* gcc's address sanitizer is a shared library that ends the program if it is not the
 * first one. This option allows the preload library before it, which does not interpose
 * malloc(3) and the other functions that the sanitizer must have first. */
static void allow_before_asan(void)
{
	static const char option[] = "verify_asan_link_order=0";
	const char *old = getenv("ASAN_OPTIONS");

	if (!old || !strstr(old, "verify_asan_link_order"))
		prepend("ASAN_OPTIONS", option, "");
}

static void add_wrappers(void)
{
	char dir[PATH_MAX], path[PATH_MAX];

	if (!library_own_directory(dir))
		die(125, "/proc/self/exe", strerror(errno));
	if (library_is_file(path, dir, "wrappers") ||
	    library_is_file(path, dir, WRAPPERS_FROM_BINDIR)) {
		prepend("PATH", path, "/usr/sbin:/usr/bin:/sbin:/bin");
		set_variable(ENVIRONMENT_WRAPPERS, path);
	}
}

#define NATIVE_CLASS (sizeof(long) == 8 ? ELFCLASS64 : ELFCLASS32)

struct program {
	char path[PATH_MAX];
	char **words;		/* there is room for one more before the first */
};

/* If the program is iptables, modprobe or a similar command, replaces it by the
 * wrapper. */
static void replace(struct program *program)
{
	const char *wrappers = getenv(ENVIRONMENT_WRAPPERS);
	struct environment none = { .count = 0 };
	struct execution x;
	char *instead, *meant, **words;

	if (!wrappers)
		return;
	if (asprintf(&instead, "%s/" EXECUTION_INSTEAD, wrappers) < 0)
		die(125, wrappers, strerror(ENOMEM));
	execution_plan(&x, &none, instead, program->path, program->words, environ, -1);
	if (x.file) {
		meant = strdup(program->path);
		words = calloc(x.words + 1, sizeof(*words));
		if (!meant || !words)
			die(125, instead, strerror(ENOMEM));
		execution_words(&x, meant, program->words, words + 1);
		snprintf(program->path, sizeof(program->path), "%s", instead);
		program->words = words + 1;
	}
	free(instead);
}

/* Executes the program. Returns, with errno set, only on failure. */
static void execute(void *argument)
{
	struct program *program = argument;

	execv(program->path, program->words);
	if (errno == ENOEXEC) {		/* a script without #!, as in execvp(3) */
		program->words[0] = program->path;
		program->words[-1] = "sh";
		execv("/bin/sh", program->words - 1);
	}
}

/* With several instances, each one has its own supervisor. */
static void supervise(void *argument)
{
	struct program *program = argument;

	exit(supervise_run(program->path,
			   program_names_files(program->path, program->words), execute,
			   program));
}

static int run(struct program *program, const struct instances *set,
	       void (*how)(void *program))
{
	if (set)
		return instances_run(set, program->path, how, program);
	how(program);
	cannot_run(program->path);
	return 126;
}

int main(int argc, char **argv)
{
	char library[PATH_MAX], culprit[PATH_MAX];
	const char *why, *named = NULL;
	unsigned int instances = 0;
	struct program program;
	struct elf_file elf;
	struct instances set;
	bool wrappers = true, follow = true, supervised = false;
	int option;

	while ((option = getopt_long(argc, argv, "+q:6:i:m:r:b:fgt:dT::nFl:shV", options,
				     NULL)) != -1)
		switch (option) {
		case 'q':
			set_queues("--queue", "LIBIPQ_QUEUE", optarg);
			break;
		case '6':
			set_queues("--queue6", "LIBIPQ_QUEUE6", optarg);
			break;
		case 'i':
			instances = read_number("--instances", optarg, 1, INSTANCES_MAX);
			break;
		case 'm':
			set_number("--maxlen", "LIBIPQ_MAXLEN", optarg, -1, UINT_MAX);
			break;
		case 'r':
			set_number("--rcvbuf", "LIBIPQ_RCVBUF", optarg, 1,
				   SETTINGS_RCVBUF_MAX);
			break;
		case 'b':
			set_number("--batch", "LIBIPQ_BATCH", optarg, 1,
				   SETTINGS_BATCH_MAX);
			break;
		case 'f':
			set_variable("LIBIPQ_FAIL_OPEN", "1");
			break;
		case 'g':
			set_variable("LIBIPQ_GSO", "1");
			break;
		case 't':
			set_truncated(optarg);
			break;
		case 'd':
			set_variable("LIBIPQ_DEBUG", "1");
			break;
		case 'T':
			set_trace(optarg);
			break;
		case 'n':
			wrappers = false;
			break;
		case 'F':
			follow = false;
			break;
		case 'l':
			named = optarg;
			break;
		case 's':
			supervised = true;
			break;
		case 'h':
			return print(usage);
		case 'V':
			return print("ipq-run " VERSION "\n");
		default:
			fputs("Try 'ipq-run --help'.\n", stderr);
			return 125;
		}
	if (optind == argc) {
		fputs("ipq-run: no program given\nTry 'ipq-run --help'.\n", stderr);
		return 125;
	}
	if (instances && !instances_plan(&set, instances))
		return 125;
	if (named)
		find_named(named, library);

	/* another ipq-run, by which this one is run, may have set them */
	unsetenv(ENVIRONMENT_WRAPPERS);
	unsetenv(ENVIRONMENT_FOLLOW);
	if (wrappers)		/* before path_find: the program may be one of them */
		add_wrappers();
	program.words = argv + optind;
	if (!path_find(program.words[0], getenv("PATH"), program.path))
		cannot_run(program.words[0]);
	replace(&program);
	why = program_examine(program.path, &elf, culprit);
	if (why && access(culprit, F_OK) && errno == ENOENT) {
		fprintf(stderr, "ipq-run: %s: its interpreter %s is not there\n",
			program.path, culprit);
		return 127;
	}
	if (why)
		die(125, culprit, why);
	supervised = supervised || elf_is_static(&elf);
	if (supervised && elf.class != NATIVE_CLASS && !supervise_serves_32bit())
		die(125, culprit, "is a 32-bit program, and ipq-run supervises only 64-bit "
		    "ones on this machine; link it again, for 64 bits or dynamically, and "
		    "run it without --supervise");
	if (supervised)
		return run(&program, instances ? &set : NULL, supervise);
	why = named ? library_check(library, &elf) : library_find(&elf, library);
	if (why)
		die(125, named ? library : culprit, why);
	preload(library, follow);
	if (elf.needs_asan)
		allow_before_asan();
	return run(&program, instances ? &set : NULL, execute);
}
