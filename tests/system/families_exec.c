/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that has been executed (execve(2)) with a handle open makes one of the other
 * family for the same queue number: the list of handles is lost then (FACTS 5, 8). */
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "pair.h"

TestSuite(families_exec, .timeout = 60);

#define COUNT 3

/* Executes the program, which is built in the directory of the tests. */
static _Noreturn void execute(int kept)
{
	char path[4096] = "", fd[16], family[16], count[16];

	if (readlink("/proc/self/exe", path, sizeof(path) - 32) < 0)
		_exit(127);
	strcat(dirname(path), "/executed");
	snprintf(fd, sizeof(fd), "%d", pair[kept]->fd);
	snprintf(family, sizeof(family), "%d", pair_family(kept));
	snprintf(count, sizeof(count), "%d", COUNT);
	execl(path, "executed", fd, family, count, (char *)NULL);
	_exit(127);
}

/* Returns when it is ready. before: what its process does until it executes it. */
static void start(int kept, void (*before)(int kept))
{
	struct pollfd output = { .events = POLLIN };
	char line[16] = "";
	int ends[2];
	pid_t pid;

	cr_assert(!prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) && !pipe2(ends, O_CLOEXEC));
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		before(kept);
		execute(kept);
	}
	close(ends[1]);
	output.fd = ends[0];
	cr_assert(poll(&output, 1, 3 * DEADLINE) == 1, "it hangs");
	cr_assert(read(ends[0], line, sizeof(line) - 1) > 0, "it has ended");
	cr_assert_str_eq(line, "ready\n");
	close(ends[0]);
}

static void expect_each(void)
{
	int status;

	for (int n = 0; n < COUNT; n++)
		for (int i = 0; i < 2; i++) {
			udp_say(pair_family(i), 9, "hello");
			udp_expect(pair_heard[i], "hello");
		}
	/* with that of its movers, which end with the handles */
	while (waitpid(-1, &status, 0) > 0)
		cr_assert(status == 0, "status %#x", status);
}

static void open_one(int kept)
{
	pair_make(kept);
	pair_start(kept);
}

Test(families_exec, a_program_executed_with_one_handle_can_make_the_other)
{
	for (int kept = 0; kept < 2; kept++) {
		pair_network("QUEUE");
		start(kept, open_one);
		expect_each();
	}
}

static void open_both_and_close_one(int kept)
{
	pair_open(kept);
	fcntl(pair[!kept]->fd, F_SETFD, FD_CLOEXEC);
}

Test(families_exec, a_program_executed_with_one_handle_of_two_can_make_the_other_again)
{
	for (int kept = 0; kept < 2; kept++) {
		pair_network("QUEUE");
		start(kept, open_both_and_close_one);
		expect_each();
	}
}

/* As daemon(3) does it. */
static void open_one_and_fork(int kept)
{
	pid_t opener = fork();

	if (opener > 0) {
		waitpid(opener, NULL, 0);
		_exit(0);
	}
	opener = getpid();
	open_one(kept);
	if (fork() > 0)
		_exit(0);
	while (!kill(opener, 0))
		usleep(1000);
}

Test(families_exec, a_program_executed_by_a_daemon_with_one_handle_can_make_the_other)
{
	for (int kept = 0; kept < 2; kept++) {
		pair_network("QUEUE");
		start(kept, open_one_and_fork);
		expect_each();
	}
}

static void nothing(int kept)
{
	(void)kept;
}

/* It would not learn that its packets arrive by another number. */
Test(families_exec, a_process_whose_child_executes_a_program_keeps_the_number_to_itself)
{
	int status;

	for (int kept = 0; kept < 2; kept++) {
		pair_network("QUEUE");
		open_one(kept);
		start(kept, nothing);
		/* it has read that its request is refused */
		cr_assert(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 2);
		pair_pass(kept, "hello");
		pair_close(kept);
	}
}
