/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_BATCH: a program ends while messages and verdicts are held, or sets another
 * mode. The verdicts that it has given must be carried out, and no others. */
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "numbers.h"

TestSuite(batch_ends, .timeout = 60);

/* 150 of 256 packets are accepted: then 22 verdicts and 42 messages are held. */
#define COUNT 256
#define ACCEPTED 150
#define HELD 64

struct program {
	pid_t pid;
	int input, output;
};

/* Starts the program, which is built in the directory of the tests. */
static struct program start(const char *how)
{
	char path[4096] = "", count[16];
	struct program p;
	int ends[4];

	cr_assert(readlink("/proc/self/exe", path, sizeof(path) - 32) > 0);
	strcat(dirname(path), "/batch-ending");
	snprintf(count, sizeof(count), "%d", ACCEPTED);
	cr_assert(!pipe2(ends, O_CLOEXEC) && !pipe2(ends + 2, O_CLOEXEC));
	p.pid = fork();
	cr_assert(p.pid >= 0);
	if (p.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[0], 0);
		dup2(ends[3], 1);
		execl(path, "batch-ending", how, count, (char *)NULL);
		_exit(127);
	}
	close(ends[0]);
	close(ends[3]);
	p.input = ends[1];
	p.output = ends[2];
	return p;
}

/* The next line it prints; "" at its end. */
static void expect_line(const struct program *p, const char *expected)
{
	struct pollfd readable = { .fd = p->output, .events = POLLIN };
	char line[64] = "";

	/* starting a program under valgrind takes long */
	cr_assert(poll(&readable, 1, 3 * DEADLINE) == 1, "it hangs");
	cr_assert(read(p->output, line, sizeof(line) - 1) >= 0);
	line[strcspn(line, "\n")] = '\0';
	cr_assert_str_eq(line, expected);
}

/* Has the program read and accept packets, until it ends or prints "done". */
static struct program work(const char *how, const char *last_line)
{
	struct program p = start(how);

	expect_line(&p, "ready");
	numbers_send(0, COUNT);
	cr_assert(numbers_waiting() == COUNT);
	cr_assert(write(p.input, "go\n", 3) == 3);
	expect_line(&p, last_line);
	return p;
}

static void end(const struct program *p, int expected)
{
	int status;

	close(p->input);
	expect_line(p, "");
	close(p->output);
	cr_assert(waitpid(p->pid, &status, 0) == p->pid);
	cr_assert(status == expected, "status %#x", status);
}

static void expect_accepted(void)
{
	const unsigned char *times = numbers_arrived(ACCEPTED);

	for (int i = 0; i < COUNT; i++)
		cr_assert(times[i] == (i < ACCEPTED), "packet %d arrived %d times", i,
			  times[i]);
	numbers_forget();
}

static void begin(void)
{
	numbers_network();
	setenv("LIBIPQ_BATCH", "64", 1);
}

/* Repeat this, as verdicts are held only if the program is not interrupted. */
#define ROUNDS 3

Test(batch_ends, who_exits_or_returns_from_main_has_decided_what_it_has)
{
	static const char *const ways[] = { "exit", "return" };

	begin();
	for (int i = 0; i < 2 * ROUNDS; i++) {
		struct program p = work(ways[i % 2], "");

		end(&p, 0);
		expect_accepted();
	}
}

Test(batch_ends, who_destroys_the_handle_has_decided_what_it_has)
{
	begin();
	for (int i = 0; i < ROUNDS; i++) {
		struct program p = work("destroy", "done");

		expect_accepted();
		cr_assert(numbers_waiting() == -1);
		end(&p, 0);
	}
}

Test(batch_ends, who_asks_for_another_mode_has_decided_what_it_has_and_the_others_wait)
{
	static const char *const ways[] = { "meta", "none" };

	begin();
	for (int i = 0; i < 2 * ROUNDS; i++) {
		struct program p = work(ways[i % 2], "done");

		expect_accepted();
		cr_assert(numbers_waiting() == COUNT - ACCEPTED);
		end(&p, 0);
	}
}

/* If the program can no longer send them, only the verdicts that are held are lost. */
Test(batch_ends, who_is_killed_has_decided_all_but_the_last_at_most)
{
	static const char *const ways[] = { "kill", "_exit" };

	begin();
	for (int i = 0; i < 2 * ROUNDS; i++) {
		struct program p = work(ways[i % 2], "");
		const unsigned char *times;

		end(&p, i % 2 ? 0 : SIGKILL);
		times = numbers_arrived(-1);
		for (int n = 0; n < COUNT; n++)
			cr_assert(n < ACCEPTED - HELD ? times[n] == 1 :
				  times[n] <= times[n - 1] && (n < ACCEPTED || !times[n]),
				  "packet %d arrived %d times", n, times[n]);
		numbers_forget();
	}
}

/* In a child, the number of the descriptor may have become that of any file. */
Test(batch_ends, a_child_that_exits_sends_nothing_to_what_took_the_number)
{
	begin();
	for (int i = 0; i < ROUNDS; i++) {
		struct program p = work("child", "done");

		expect_accepted();
		end(&p, 0);
	}
}
