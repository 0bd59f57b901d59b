/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: PROGRAM [PART_OF_A_NAME]
 *
 * Runs the tests of a program one after the other, each in a process of its own, and
 * prints the results in TAP. Tests whose names are in PLAIN_SKIP are left out. With
 * PLAIN_PATIENCE=N, each may take N times as long. */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#define SKIPPED 77

static struct plain_suite *suites;
static struct plain_test *tests;
static int reasons[2];			/* a pipe for the reason of a skipped test */

void plain_add_suite(struct plain_suite *suite)
{
	suite->next = suites;
	suites = suite;
}

void plain_add_test(struct plain_test *test)
{
	struct plain_test **last = &tests;

	while (*last)
		last = &(*last)->next;
	*last = test;
}

void plain_fail(const char *file, int line, const char *what, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(1);
}

void plain_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(reasons[1], format, args);
	va_end(args);
	_exit(SKIPPED);
}

static const struct plain_options *suite_options(const struct plain_test *test)
{
	static const struct plain_options none;

	for (struct plain_suite *s = suites; s; s = s->next)
		if (!strcmp(s->name, test->suite))
			return &s->options;
	return &none;
}

static void run(const struct plain_test *test)
{
	const struct plain_options *of_suite = suite_options(test);

	if (of_suite->init)
		of_suite->init();
	if (test->options.init)
		test->options.init();
	test->run();
	if (test->options.fini)
		test->options.fini();
	if (of_suite->fini)
		of_suite->fini();
	exit(0);
}

/* Returns the wait status, or -1 if the process took too long and was killed. */
static int wait_for(pid_t pid, double seconds)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	struct timespec begun, now;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	while (waitpid(pid, &status, WNOHANG) != pid) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (seconds > 0 && now.tv_sec - begun.tv_sec > seconds) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return status;
}

/* Returns a factor for time limits: sanitizers and emulated machines are slower. */
static double patience(void)
{
	const char *factor = getenv("PLAIN_PATIENCE");

	return factor ? strtod(factor, NULL) : 1;
}

static bool passes(const struct plain_test *test)
{
	double seconds = patience() * (test->options.timeout > 0 ?
				       test->options.timeout :
				       suite_options(test)->timeout);
	char reason[256] = "";
	int status;
	pid_t pid;

	fflush(NULL);
	if (pipe2(reasons, O_CLOEXEC | O_NONBLOCK))
		exit(1);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		run(test);
	}
	setpgid(pid, pid);
	status = wait_for(pid, seconds);
	if (read(reasons[0], reason, sizeof(reason) - 1) < 0)
		reason[0] = '\0';
	close(reasons[0]);
	close(reasons[1]);
	if (status == SKIPPED << 8) {
		printf("ok - %s::%s # SKIP %s\n", test->suite, test->name, reason);
		return true;
	}
	printf("%s - %s::%s", status ? "not ok" : "ok", test->suite, test->name);
	if (status)
		printf(" (%s %#x)", status < 0 ? "too slow" : "wait status", status);
	putchar('\n');
	return status == 0;
}

static bool is_left_out(const struct plain_test *test)
{
	const char *names = getenv("PLAIN_SKIP");

	return names && strstr(names, test->name);
}

int main(int argc, char *argv[])
{
	int failed = 0, ran = 0;

	for (const struct plain_test *t = tests; t; t = t->next) {
		if (argc > 1 && !strstr(t->name, argv[1]))
			continue;
		if (is_left_out(t)) {
			printf("ok - %s::%s # SKIP not here\n", t->suite, t->name);
			continue;
		}
		failed += !passes(t);
		ran++;
	}
	return failed || !ran;
}
