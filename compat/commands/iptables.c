/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A wrapper with the name of a command: it executes the real command with other
 * arguments or input. Of the iptables commands it changes jumps to QUEUE into jumps to
 * NFQUEUE, as iptables on nftables has no target QUEUE, and QUEUE takes no queue
 * number. To modprobe, insmod, rmmod and lsmod it lets ip_queue and ip6_queue seem
 * loaded. Executed as "instead-of FILE WORD...", it is the wrapper of FILE. Knows
 * nothing of the form of rules. */
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

static const char *name;	/* name of the command, without directory */

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
	/* the first that is set counts; IPQ_RUN_BALANCE is set by
	 * "ipq-run --instances" */
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

/* Whether the command of this name in the directory is this wrapper. */
static bool is_own(const char *dir, size_t len, const struct stat *own)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%.*s/%s", len ? (int)len : 1,
			 len ? dir : ".", name);

	return n < (int)sizeof(path) && !stat(path, &st) &&
	       st.st_dev == own->st_dev && st.st_ino == own->st_ino;
}

/* Removes the directories that have this wrapper from PATH, so that the real
 * command is found. */
static void leave_path(const struct stat *own)
{
	/* the PATH of old start scripts may lack the directories that iptables is in */
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
	/* else the wrapper would execute itself for ever */
	if (setenv("PATH", path, 1))
		die(1, "PATH", strerror(errno));
	free(path);
}

/* Returns how many files with rules iptables-restore is given; they are the last
 * arguments. Returns -1 if it reads no rules (--help, --version). */
static int files_named(int argc, char **argv)
{
	/* options with an argument, which may be the next word; the others have none */
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
		/* -w has an optional argument, which iptables-restore also takes
		 * from the next word */
		if (option == 'w' && !optarg && optind < argc &&
		    !argv[optind][strspn(argv[optind], "0123456789")])
			optind++;
	}
	return argc - optind;
}

/* Closes inherited descriptors: when the real command closes a pipe, no copy of it may
 * stay open here. close_range(2) does not exist before Linux 5.9, nor in containers whose
 * seccomp profile does not allow it. */
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

/* Translates standard input to standard output, line by line, until the input ends or the
 * reader has closed the pipe. Returns false and errno on failure. */
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

/* Runs in the child process, which ends when the process "reader" does. */
static _Noreturn void translate_rules(int in, int out, pid_t reader,
				      const struct nfqueue *queue)
{
	/* when the reader ends, whoever writes the rules must get SIGPIPE */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != reader)
		exit(1);
	if (dup2(in, STDIN_FILENO) || dup2(out, STDOUT_FILENO) < 0 || !feed(queue)) {
		fprintf(stderr, "%s: rules: %s\n", name, strerror(errno));
		/* a part of the rules would be a different rule set */
		kill(reader, SIGTERM);
	}
	exit(0);
}

/* Replaces standard input by a pipe with the translation of "in". It cannot be a file:
 * the writer of the rules may wait for the effect of one before it writes the next. */
static void give_rules(int in, const struct nfqueue *queue)
{
	pid_t own = getpid(), pid;
	int ends[2];

	if (read(in, NULL, 0) || pipe2(ends, O_CLOEXEC))
		die(1, "rules", strerror(errno));
	/* like fork(2), but without SIGCHLD at the child's end, so that wait(2) does
	 * not report it to the real command, which may wait for any child
	 * (xtables_insmod in iptables 1.4) */
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
	/* the real command will report that the file cannot be read */
	if (in < 0)
		return;
	give_rules(in, queue);
	argv[argc - files] = NULL;
}

/* Whether the module, as modprobe and insmod may name it, is ip_queue or ip6_queue:
 * "ip-queue", "/lib/modules/2.4.37/ip_queue.o". */
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

/* Skips the options of a command for modules. Those that are not named here have no
 * argument in the next word. Returns the index of the first module. */
static int skip_options(int argc, char **argv)
{
	static const struct option of_modprobe[] = {
		{ "config", required_argument, NULL, 'C' },
		{ "dirname", required_argument, NULL, 'd' },
		{ "set-version", required_argument, NULL, 'S' },
		{ "wait", required_argument, NULL, 'w' },
		{ 0 },
	};
	/* of modutils, before Linux 2.6 */
	static const struct option of_insmod[] = {
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

/* Removes ip_queue and ip6_queue from the arguments, as they count as loaded. Returns
 * false if no module would be left. insmod and modprobe take the module's parameters
 * after its name. */
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

/* Returns the arguments for the real iptables command. Its name is argv[word]. */
static char **translate(int argc, char **argv, unsigned int word)
{
	static struct nfqueue queue;	/* static: the returned words point into it */
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

/* Executes the real command by the bare system call: the C library's execve may be
 * interposed by the preloaded library, which would execute this wrapper again.
 * Returns on failure. */
static void become(const char *file, char **argv)
{
	char **words;
	size_t count = 0;

	counted();
	syscall(SYS_execve, file, argv, environ);
	if (errno != ENOEXEC)
		return;
	/* a script without #!, which execvp(3) runs with /bin/sh */
	while (argv[count])
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
			die(126, argv[1], "is not a command that can be replaced");
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
