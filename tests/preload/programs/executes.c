/* SPDX-License-Identifier: GPL-2.0-or-later */
/* executes WAY FILE WORD...: executes a program. Each WAY is a function of the C library.
 * With "empty" before it, the environment is cleared first. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* glibc has execveat since 2.34, musl does not. */
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 34)
#define HAVE_EXECVEAT
#endif
#endif

static char *nothing[] = { NULL };

static int is(const char *way, const char *name)
{
	return !strcmp(way, name);
}

static int end_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return 120;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 121;
}

static int spawn(const char *way, char **words)
{
	pid_t pid;
	int error = is(way, "posix_spawn") ?
		    posix_spawn(&pid, words[0], NULL, NULL, words, environ) :
		    posix_spawnp(&pid, words[0], NULL, NULL, words, environ);

	return error ? 122 : end_of(pid);
}

/* Passes the words to a shell without quotes. */
static int by_shell(const char *way, char **words)
{
	char command[4096] = "", line[4096];
	FILE *output;
	int status;

	for (; *words; words++)
		sprintf(command + strlen(command), "%s ", *words);
	if (is(way, "system")) {
		status = system(command);
	} else {
		output = popen(command, "r");
		if (!output)
			return 123;
		while (fgets(line, sizeof(line), output))
			fputs(line, stdout);
		status = pclose(output);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 121;
}

static int execute(const char *way, char **words)
{
	char **w = words;

	if (is(way, "execve"))
		execve(words[0], words, environ);
	else if (is(way, "execv"))
		execv(words[0], words);
	else if (is(way, "execvp"))
		execvp(words[0], words);
	else if (is(way, "execvpe"))
		execvpe(words[0], words, environ);
	else if (is(way, "fexecve"))
		fexecve(open(words[0], O_RDONLY | O_CLOEXEC), words, environ);
#ifdef HAVE_EXECVEAT
	else if (is(way, "execveat"))
		execveat(AT_FDCWD, words[0], words, environ, 0);
	else if (is(way, "execveat-in"))
		execveat(open("/", O_PATH), words[0] + 1, words, environ, 0);
	else if (is(way, "execveat-of"))
		execveat(open(words[0], O_PATH), "", words, environ, AT_EMPTY_PATH);
#endif
	/* with seven words: iptables -A OUTPUT -p udp -j QUEUE */
	else if (is(way, "execl"))
		execl(w[0], w[0], w[1], w[2], w[3], w[4], w[5], w[6], (char *)NULL);
	else if (is(way, "execlp"))
		execlp(w[0], w[0], w[1], w[2], w[3], w[4], w[5], w[6], (char *)NULL);
	else if (is(way, "execle"))
		execle(w[0], w[0], w[1], w[2], w[3], w[4], w[5], w[6], (char *)NULL,
		       environ);
	else
		return 124;
	perror(words[0]);
	return 125;
}

static int execute_after_vfork(char **words)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(words[0], words, environ);
		_exit(125);
	}
	return end_of(pid);
}

int main(int argc, char **argv)
{
	const char *way;

	if (argc > 1 && is(argv[1], "empty")) {
		environ = nothing;
		argv++;
		argc--;
	}
	if (argc < 3)
		return 2;
	way = argv[1];
	if (!strncmp(way, "posix_", 6))
		return spawn(way, argv + 2);
	if (is(way, "system") || is(way, "popen"))
		return by_shell(way, argv + 2);
	return is(way, "vfork") ? execute_after_vfork(argv + 2) : execute(way, argv + 2);
}
