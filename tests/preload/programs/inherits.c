/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inherits HOW [PROGRAM]: opens the socket and executes itself, or PROGRAM, as "inherits
 * serve FD", which opens none and accepts a packet. HOW: by exec, by exec with a duplicate,
 * with an empty environment, by a shell as its standard input, or by posix_spawn as its
 * standard input. */
#include <spawn.h>
#include <sys/wait.h>

#include "old.h"

static void spawn(const char *self, int fd)
{
	char *words[] = { (char *)self, (char *)"serve", (char *)"0", NULL };
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;

	check(!posix_spawn_file_actions_init(&actions));
	check(!posix_spawn_file_actions_adddup2(&actions, fd, 0));
	check(!posix_spawn(&pid, self, &actions, NULL, words, environ));
	close(fd);
	check(waitpid(pid, &status, 0) == pid && !status);
}

int main(int argc, char **argv)
{
	char *nothing[] = { NULL };
	char number[16], command[4096], *program;
	int fd;

	old_limit();
	if (argc == 3 && !strcmp(argv[1], "serve")) {
		say("ready");
		old_pass(atoi(argv[2]));
		return 0;
	}
	check(argc == 2 || argc == 3);
	program = argv[argc == 3 ? 2 : 0];
	fd = old_ready(NETLINK_FIREWALL);
	if (!strcmp(argv[1], "dup"))
		check(dup2(fd, 77) == 77 && !close(fd) && (fd = 77));
	sprintf(number, "%d", fd);
	snprintf(command, sizeof(command), "exec %s serve 0 0<&%d", program, fd);
	if (!strcmp(argv[1], "shell"))
		return system(command) != 0;
	if (!strcmp(argv[1], "spawn"))
		spawn(program, fd);
	else if (!strcmp(argv[1], "empty"))
		execle(program, program, "serve", number, (char *)NULL, nothing);
	else
		execl(program, program, "serve", number, (char *)NULL);
	return 0;
}
