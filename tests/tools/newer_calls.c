/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl without system calls that were added after ip_queue's last kernel (3.4): either
 * they do not exist, as on an old kernel (ENOSYS), or they are forbidden, as in a
 * container with an old seccomp profile (EPERM). */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing.h"
#include "network.h"
#include "newer.h"
#include "process.h"
#include "tool.h"

TestSuite(newer_calls, .timeout = 100);

/* Makes "count" of the calls, from first on, fail with this error in this process
 * and its children. */
static void fail_calls(size_t first, size_t count, int error)
{
	unsigned int numbers[NEWER_CALLS];

	for (size_t i = 0; i < count; i++)
		numbers[i] = newer_calls[first + i].number;
	if (calls_fail(numbers, count, error))
		_exit(125);
}

/* Removes the line that check prints on a kernel without pidfd_getfd(2). */
static void cut_remark(char *text)
{
	char *word = strstr(text, "cannot serve statically linked programs"), *begin;

	if (!word)
		return;
	for (begin = word; begin > text && begin[-1] != '\n'; begin--)
		;
	memmove(begin, strchrnul(word, '\n') + 1, strlen(strchrnul(word, '\n')));
}

/* Returns the output of ipqctl with its exit status, while these calls fail. */
static char *output_without(size_t first, size_t count, int error,
				  const char *const argv[])
{
	static char text[65536];
	size_t len = 0;
	int output[2], status;
	ssize_t n;
	pid_t pid;

	cr_assert(!pipe(output));
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		dup2(output[1], 1);
		dup2(output[1], 2);
		close(output[0]);
		close(output[1]);
		if (error)
			fail_calls(first, count, error);
		execv(IPQCTL, (char **)argv);
		_exit(126);
	}
	close(output[1]);
	while ((n = read(output[0], text + len, sizeof(text) - len - 16)) > 0)
		len += n;
	close(output[0]);
	cr_assert(waitpid(pid, &status, 0) == pid);
	snprintf(text + len, sizeof(text) - len, "status %d\n", status);
	return text;
}

/* The output must be the same if all calls fail, and if one of the first "tried" does. */
static void assert_no_difference(const char *const argv[], size_t tried)
{
	static char wanted[65536];
	char *got;

	strcpy(wanted, output_without(0, 0, 0, argv));
	for (size_t i = 0; i <= tried; i++) {
		for (int refused = 0; refused < 2; refused++) {
			got = output_without(i < tried ? i : 0, i < tried ? 1 : NEWER_CALLS,
					     refused ? EPERM : ENOSYS, argv);
			cut_remark(got);
			cr_assert_str_eq(got, wanted, "%s %s: %s\nrather than:\n%s",
					 i < tried ? newer_calls[i].name : "all",
					 refused ? "refused" : "missing", got, wanted);
		}
	}
}

Test(newer_calls, check_finds_the_same_without_any_of_them)
{
	static const char *const argv[] = { "ipqctl", "check", NULL };

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j NFQUEUE --queue-num 3 --queue-bypass");
	/* the first three only, which starting a command may need: check runs some
	 * fifteen commands */
	assert_no_difference(argv, 3);
}

Test(newer_calls, rules_translates_the_same_without_any_of_them)
{
	char path[] = "/tmp/ipqctl-XXXXXX";
	const char *const argv[] = { "ipqctl", "rules", "--nft", path, NULL };
	static const char rule[] = "iptables -A INPUT -p udp -j QUEUE\n";
	int fd = mkstemp(path);

	cr_assert(fd >= 0 && write(fd, rule, strlen(rule)) == (ssize_t)strlen(rule));
	close(fd);
	assert_no_difference(argv, NEWER_CALLS);
	unlink(path);
}

Test(newer_calls, status_is_the_same_without_any_of_them)
{
	static const char *const argv[] = { "ipqctl", "status", NULL };

	network_enter();
	assert_no_difference(argv, NEWER_CALLS);
}

/* If a process ignores SIGCHLD, so do programs that it executes (execve(2)), and the
 * kernel does not report how children have ended. */
Test(newer_calls, check_finds_the_same_when_it_was_started_by_who_ignores_its_children)
{
	char wanted[8192];

	network_enter();
	strcpy(wanted, shell(IPQCTL " check")->text);
	cr_assert_str_eq(shell("env --ignore-signal=CHLD " IPQCTL " check")->text, wanted);
}
