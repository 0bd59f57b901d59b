/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two instances of a program (ipq-run --instances), on the queue numbers 3 and 4. On
 * failure, ends the test and says why. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "two.h"

void two_forget_settings(void)
{
	static const char *const names[] = {
		"LIBIPQ_QUEUE", "LIBIPQ_QUEUE6", "IPQ_RUN_BALANCE", "IPQ_RUN_BALANCE6",
		"LD_LIBRARY_PATH",
	};

	for (int i = 0; i < 5; i++)
		unsetenv(names[i]);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	/* a test run with nohup(1) ignores it, and so would the shell */
	signal(SIGHUP, SIG_DFL);
}

const char *two_program(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", given("PROGRAMS"), name);
	return path;
}

const char *two_report(const struct two *t, int index, const char *end)
{
	static char text[2][128];

	snprintf(text[index], sizeof(text[index]),
		 "ipq-run: instance %d, pid %d, queue %d: %s", index + 1, t->pid[index],
		 index + 3, end);
	return text[index];
}

void two_say_all(struct child *c, const char *const lines[], int count)
{
	bool said_already[4] = { false };
	int i;

	for (int n = 0; n < count; n++) {
		const char *line = child_line(c);

		for (i = 0; i < count && (said_already[i] || strcmp(line, lines[i])); i++)
			;
		cr_assert(i < count, "\"%s\" where expected \"%s\" and \"%s\"", line,
			  lines[0], lines[1]);
		said_already[i] = true;
	}
}

void two_say(struct two *t, const char *text)
{
	char lines[2][64];

	snprintf(lines[0], sizeof(lines[0]), "3 %s", text);
	snprintf(lines[1], sizeof(lines[1]), "4 %s", text);
	two_say_all(&t->c, (const char *[]) { lines[0], lines[1] }, 2);
}

void two_end(struct two *t, pid_t ipq_run)
{
	cr_assert(!kill(ipq_run, SIGTERM));
	two_say_all(&t->c, (const char *[]) {
		"3 TERM", "4 TERM", two_report(t, 0, "exit status 0"),
		two_report(t, 1, "exit status 0"),
	}, 4);
}

void two_get_ready(struct two *t)
{
	for (int i = 0; i < 2; i++) {
		const char *line = child_line(&t->c);
		int queue, pid;

		cr_assert(sscanf(line, "%d ready %d", &queue, &pid) == 2 &&
			  (queue == 3 || queue == 4), "%s", line);
		t->pid[queue - 3] = pid;
	}
}

void two_say_rules(struct two *t)
{
	child_says(&t->c, "ipq-run: rule for IPv4: iptables -A INPUT -j NFQUEUE "
		   "--queue-balance 3:4");
	child_says(&t->c, "ipq-run: rule for IPv6: ip6tables -A INPUT -j NFQUEUE "
		   "--queue-balance 3:4");
}

void two_start(struct two *t, const char *name, const char *argument)
{
	child_start(&t->c, NULL, IPQ_RUN, "-q", "3", "--instances", "2", two_program(name),
		    argument, NULL);
	two_say_rules(t);
	two_get_ready(t);
}

pid_t two_look_at(pid_t pid, char *state)
{
	char path[64];
	FILE *stat;
	int parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "re");
	cr_assert(stat && fscanf(stat, "%*d (%*[^)]) %c %d", state, &parent) == 2);
	fclose(stat);
	return parent;
}

pid_t two_ipq_run(const struct two *t)
{
	char state;

	return two_look_at(t->pid[0], &state);
}
