/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The iptables command of the same name, with jumps to QUEUE made jumps to
 * NFQUEUE: iptables on nftables knows no QUEUE, and QUEUE knows no number. And
 * modprobe, insmod, rmmod and lsmod, to which ip_queue and ip6_queue are loaded already.
 * Run "instead-of FILE WORD...", it is what FILE is. Becomes the real command; knows
 * nothing of what rules look like. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "commands.h"
#include "counted.h"
#include "execution.h"
#include "lsmod.h"
#include "path.h"
#include "old-form.h"
#include "rules.h"

static const char *name;	/* of the command */

static _Noreturn void die(int status, const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", name, what, why);
	exit(status);
}

static void *allocate(size_t size)
{
	void *memory = malloc(size);

	if (!memory)
		die(1, "rules", strerror(errno));
	return memory;
}

static void read_setting(struct nfqueue *queue)
{
	/* that of ipq-run's instances, or of the one there is */
	static const char *const variables[][4] = {
		{ "IPQ_RUN_BALANCE", "LIBIPQ_QUEUE" },
		{ "IPQ_RUN_BALANCE6", "LIBIPQ_QUEUE6", "LIBIPQ_QUEUE" },
	};
	const char *const *variable = variables[!strncmp(name, "ip6", 3)];
	const char *setting = NULL;

	for (; *variable && !setting; variable++)
		setting = getenv(*variable);
	if (!nfqueue_read(setting ? setting : "0", queue))
		die(2, variable[-1], "expected a queue number, 0 to 65535, or up to 256 of them "
		    "as 4-7");
}

/* Whether the command of this name in the directory is this program. */
static bool is_own(const char *dir, size_t len, const struct stat *own)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%.*s/%s", len ? (int)len : 1,
			 len ? dir : ".", name);

	return n < (int)sizeof(path) && !stat(path, &st) &&
	       st.st_dev == own->st_dev && st.st_ino == own->st_ino;
}

/* Leaves out of PATH where this program is found: the real one comes after. */
static void leave_path(const struct stat *own)
{
	/* old start scripts may not have the places of iptables on theirs */
	static const char added[] = "/usr/sbin:/sbin";
	const char *dir = getenv("PATH");
	char *path, *end;
	size_t len;

	if (!dir || !*dir)
		dir = "/usr/sbin:/usr/bin:/sbin:/bin";
	path = end = allocate(strlen(dir) + 1 + sizeof(added));
	for (;; dir += len + 1) {
		len = strcspn(dir, ":");
		if (!is_own(dir, len, own))
			end = stpcpy(mempcpy(end, dir, len), ":");
		if (!dir[len])
			break;
	}
	memcpy(end, added, sizeof(added));
	if (setenv("PATH", path, 1))	/* it would find itself, for ever */
		die(1, "PATH", strerror(errno));
	free(path);
}

/* How many files to read rules from are named; they are the last arguments then.
 * -1 if no rules are read. */
static int files_named(int argc, char **argv)
{
	/* the others have no value in a word of its own */
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ "modprobe", required_argument, NULL, 'M' },
		{ "table", required_argument, NULL, 'T' },
		{ "wait", optional_argument, NULL, 'w' },
		{ "wait-interval", required_argument, NULL, 'W' },
		{ 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "hVM:T:w::W:", options, NULL)) != -1) {
		if (option == 'h' || option == 'V')
			return -1;
		/* iptables-restore lets it have one all the same */
		if (option == 'w' && !optarg && optind < argc &&
		    !argv[optind][strspn(argv[optind], "0123456789")])
			optind++;
	}
	return argc - optind;
}

/* What the real command closes shall be closed. By hand where close_range(2) is not to be
 * had: before Linux 5.9, and in containers whose profile does not know it. */
static void close_inherited(void)
{
	struct dirent *entry;
	DIR *fds;

	if (!syscall(SYS_close_range, STDERR_FILENO + 1U, ~0U, 0U))
		return;
	fds = opendir("/proc/self/fd");
	while (fds && (entry = readdir(fds)))
		if (atoi(entry->d_name) > STDERR_FILENO && atoi(entry->d_name) != dirfd(fds))
			close(atoi(entry->d_name));
	if (fds)
		closedir(fds);
}

static bool feed_line(struct text line, const struct nfqueue *queue)
{
	char *modern = malloc(OLD_FORM_MAX(line.len)), *to;
	bool written = false;
	size_t len;

	if (!modern)
		return false;
	len = old_form_rewrite(line, modern);
	to = malloc(RULES_LINE_MAX(len));
	if (to) {
		len = rules_line(modern, len, queue, to);
		written = write(STDOUT_FILENO, to, len) == (ssize_t)len;
	}
	free(to);
	free(modern);
	return written;
}

/* Gives on to standard output what comes, line by line, until there is no more or
 * nobody reads it. False, and errno, if something fails. */
static bool feed(const struct nfqueue *queue)
{
	bool written = true;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	close_inherited();
	while (written && (len = getline(&line, &size, stdin)) > 0)
		written = feed_line((struct text) { line, len }, queue);
	free(line);
	return written ? feof(stdin) : errno == EPIPE;
}

/* In a process of its own, as long as there is the one that reads. */
static _Noreturn void translate_rules(int in, int out, pid_t reader,
				      const struct nfqueue *queue)
{
	/* who writes the rules shall learn that nobody reads them any more */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != reader)
		exit(1);
	if (dup2(in, STDIN_FILENO) || dup2(out, STDOUT_FILENO) < 0 || !feed(queue)) {
		fprintf(stderr, "%s: rules: %s\n", name, strerror(errno));
		kill(reader, SIGTERM);	/* a part of them would be other rules */
	}
	exit(0);
}

/* Puts what in has, translated, in the place of standard input: in a pipe, as what
 * writes the rules may wait for what they do. */
static void give_rules(int in, const struct nfqueue *queue)
{
	pid_t own = getpid(), pid;
	int ends[2];

	if (read(in, NULL, 0) || pipe2(ends, O_CLOEXEC))
		die(1, "rules", strerror(errno));
	/* As fork(2), without SIGCHLD at the end: wait(2) shall not find it. The real
	 * command may wait for whatever child there is (xtables_insmod in iptables 1.4). */
	pid = syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
	if (pid == 0)
		translate_rules(in, ends[1], own, queue);
	if (pid < 0 || dup2(ends[0], STDIN_FILENO))
		die(1, "rules", strerror(errno));
}

static void restore(int argc, char **argv, const struct nfqueue *queue)
{
	int files = files_named(argc, argv), in = -1;

	if (files == 0)
		in = STDIN_FILENO;
	else if (files == 1)
		in = open(argv[argc - 1], O_RDONLY | O_CLOEXEC);
	/* what cannot be read is for the real command to complain of */
	if (in < 0)
		return;
	give_rules(in, queue);
	argv[argc - files] = NULL;
}

/* As modprobe and insmod may name it: "ip-queue", "/lib/modules/2.4.37/ip_queue.o". */
static bool is_loaded(const char *module)
{
	static const char *const ends[] = { "", ".o", ".ko", ".o.gz", ".ko.gz", ".ko.xz",
					    ".ko.zst" };
	const char *end = path_base(module);

	end += !strncmp(end, "ip6", 3) ? 3 : !strncmp(end, "ip", 2) ? 2 : 0;
	if (strncmp(end, "_queue", 6) && strncmp(end, "-queue", 6))
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!strcmp(end + 6, ends[i]))
			return end != path_base(module);
	return false;
}

/* Goes over the options of a command for modules; the others have no value in a word
 * of its own. Returns where the modules begin. */
static int skip_options(int argc, char **argv)
{
	static const struct option of_modprobe[] = {
		{ "config", required_argument, NULL, 'C' },
		{ "dirname", required_argument, NULL, 'd' },
		{ "set-version", required_argument, NULL, 'S' },
		{ "wait", required_argument, NULL, 'w' },
		{ 0 },
	};
	static const struct option of_insmod[] = {	/* modutils, before 2.6 */
		{ "name", required_argument, NULL, 'o' },
		{ "prefix", required_argument, NULL, 'P' },
		{ 0 },
	};
	bool probes = !strcmp(name, "modprobe"), inserts = !strcmp(name, "insmod");

	opterr = 0;
	while (getopt_long(argc, argv, probes ? "C:d:S:w:" : inserts ? "e:o:P:" : "",
			   probes ? of_modprobe : of_insmod, NULL) != -1)
		;
	return optind;
}

/* Leaves out of the words the modules that are loaded. False if there would be none
 * then. After the module of insmod, or the first of modprobe, come its parameters. */
static bool leave_modules(int argc, char **argv)
{
	int first = skip_options(argc, argv), kept = first;

	if (!strcmp(name, "insmod"))
		return first == argc || !is_loaded(argv[first]);
	for (int i = first; i < argc; i++)
		if (!is_loaded(argv[i]))
			argv[kept++] = argv[i];
	argv[kept] = NULL;
	return kept == argc || kept > first;
}

/* Returns the words for the real iptables command, whose name is the one at word. */
static char **translate(int argc, char **argv, unsigned int word)
{
	static struct nfqueue queue;	/* some of them are its */
	const char **modern, **words;
	size_t n;

	read_setting(&queue);
	if (strstr(name, "-restore")) {
		restore(argc - word, argv + word, &queue);
		return argv;
	}
	modern = allocate((RULES_WORDS_MAX(argc) + 1) * sizeof(*modern));
	n = rules_modern(argv, modern);
	modern[n] = NULL;
	words = allocate((RULES_WORDS_MAX(n) + 1) * sizeof(*words));
	words[rules_words((char *const *)modern, &queue, words)] = NULL;
	return (char **)words;
}

/* Not by the C library's name, which puts us in its place. Returns if it cannot. */
static void become(const char *file, char **argv)
{
	char **words;
	size_t count = 0;

	counted();
	syscall(SYS_execve, file, argv, environ);
	if (errno != ENOEXEC)
		return;
	while (argv[count])	/* as execvp(3): a script with no #! */
		count++;
	words = allocate((count + 2) * sizeof(*words));
	words[0] = (char *)"sh";
	memcpy(words + 1, argv, (count + 1) * sizeof(*words));
	words[1] = (char *)file;
	syscall(SYS_execve, "/bin/sh", words, environ);
	free(words);
}

int main(int argc, char **argv)
{
	const char *path = (const char *)getauxval(AT_EXECFN);
	bool instead = !strcmp(path_base(path), EXECUTION_INSTEAD);
	struct command c = { .word = 0 };
	char file[PATH_MAX];
	struct stat own;

	name = path_base(path);
	if (instead && argc < 3)
		die(2, name, "missing argument");
	if (instead) {
		if (!command_find(argv[1], argv + 2, &c) || strlen(argv[1]) >= sizeof(file))
			die(126, argv[1], "is no command that can be replaced");
		memcpy(file, argv[1], strlen(argv[1]) + 1);
		name = c.name;
		argv += 2;
		argc -= 2;
	} else {
		if (stat(path, &own))
			die(126, path, strerror(errno));
		leave_path(&own);
	}
	if (!strcmp(name, "lsmod") && argc == (int)c.word + 1)
		return lsmod_show();
	if (!command_is_modules(name))
		argv = translate(argc, argv, c.word);
	else if (!leave_modules(argc - c.word, argv + c.word))
		return 0;
	if (instead || path_find(name, getenv("PATH"), file))
		become(file, argv);
	if (errno != ENOENT)
		die(126, "exec", strerror(errno));
	if (instead)
		fprintf(stderr, "%s: %s: not found\n", name, file);
	else
		fprintf(stderr, "%s: not found (looked for by ipq-run's %s in %s)\n", name,
			name, getenv("PATH"));
	return 127;
}
