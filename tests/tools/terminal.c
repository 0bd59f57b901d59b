/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl on a terminal: lines fit its width, and colours are used where
 * they should be. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "network.h"
#include "process.h"
#include "tool.h"

TestSuite(terminal, .timeout = 100);

/* Runs a shell command on a terminal of this size. Returns its output without
 * carriage returns. */
static const char *on_terminal(unsigned short columns, unsigned short lines,
			       const char *command)
{
	static char text[1 << 18];
	struct winsize size = { .ws_col = columns, .ws_row = lines };
	int fd = posix_openpt(O_RDWR | O_NOCTTY), line;
	size_t len = 0, kept = 0;
	ssize_t n;
	pid_t pid;

	if (fd < 0 || grantpt(fd) || unlockpt(fd))
		cr_skip_test("pseudoterminals cannot be created here");
	line = open(ptsname(fd), O_RDWR | O_NOCTTY);
	cr_assert(line >= 0 && !ioctl(line, TIOCSWINSZ, &size));
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		dup2(line, 1);
		dup2(line, 2);
		close(line);
		close(fd);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(line);
	/* ends with EIO when the other end is closed */
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	cr_assert(waitpid(pid, NULL, 0) == pid);
	close(fd);
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r')
			text[kept++] = text[i];
	text[kept] = '\0';
	return text;
}

#define RULE "iptables-legacy -A OUTPUT -p udp -m comment --comment " \
	     "'a comment of some length that must not be cut off' -j QUEUE"
#define COMMAND "iptables-legacy -t filter -R OUTPUT 1 -p udp -m comment --comment " \
		"'a comment of some length that must not be cut off' -j NFQUEUE " \
		"--queue-num 0 --queue-bypass"

Test(terminal, findings_are_paragraphs_no_wider_than_it)
{
	const char *text, *line;
	unsigned int width;

	network_enter();
	run(RULE);
	setenv("NO_COLOR", "1", 1);
	for (unsigned short columns = 45; columns < 130; columns += 40) {
		text = on_terminal(columns, 24, IPQCTL " check");
		/* a command must not be wrapped, so that it can be copied */
		cr_assert(strstr(text, "until then:\n            " COMMAND "\n"), "%s", text);
		for (line = text; *line; line += strcspn(line, "\n") + 1) {
			width = 0;
			for (const char *c = line; *c != '\n'; c++)
				width += (*c & 0xc0) != 0x80;
			cr_assert(width <= columns || !strncmp(line, "            ", 12) ||
				  !memchr(line + 9, ' ', strcspn(line, "\n") - 9), "%u of %u: %s",
				  width, columns, line);
		}
	}
}

Test(terminal, what_why_and_remedy_each_begin_a_line)
{
	const char *text;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	setenv("NO_COLOR", "1", 1);
	text = on_terminal(80, 24, IPQCTL " check");
	assert_says(text, "problem  iptables-legacy filter OUTPUT 1 [-p udp -j QUEUE] sends to "
		    "queue 0\n"
		    "         nobody listens on queue 0, and packets that match are being dropped "
		    "now\n"
		    "         => start the program; to let them pass until then:\n"
		    "            iptables-legacy -t filter -R OUTPUT 1 -p udp -j NFQUEUE");
	assert_says(text, "\nnot ready: 1 problem\n");
}

Test(terminal, findings_are_lines_as_ever_where_there_is_none)
{
	const struct printed *printed;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	printed = shell("TERM=xterm " IPQCTL " check");
	assert_says(line_with(printed, "sends to queue 0"), "=> start the program; to let them "
		    "pass until then: iptables-legacy -t filter -R OUTPUT 1 ");
	cr_assert(!strchr(printed->text, '\033'));
}

Test(terminal, colours_are_used_where_they_can_be_and_are_wanted)
{
	static const struct {
		const char *environment;
		bool colours;
	} rows[] = {
		{ "TERM=xterm", true }, { "TERM=xterm NO_COLOR=", true },
		{ "TERM=xterm NO_COLOR=1", false }, { "TERM=dumb", false }, { "TERM=", false },
		{ "-u TERM", false },
	};
	char command[200];

	network_enter();
	unsetenv("NO_COLOR");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(command, sizeof(command), "env %s " IPQCTL " check",
			 rows[i].environment);
		cr_assert(!!strchr(on_terminal(80, 24, command), '\033') == rows[i].colours,
			  "%s", rows[i].environment);
	}
	cr_assert(!strchr(on_terminal(80, 24, "TERM=xterm " IPQCTL " check --json"), '\033'));
	cr_assert(!strchr(on_terminal(80, 24, "TERM=xterm " IPQCTL " check | cat"), '\033'));
}

Test(terminal, verdicts_of_try_have_their_colours)
{
	network_enter();
	run("iptables-legacy -A OUTPUT -p udp -j QUEUE");
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_says(on_terminal(80, 24, IPQCTL " try --count 2 --sample 2 --verdict drop & "
				"while ! grep -q . /proc/net/netfilter/nfnetlink_queue; do :; "
				"done; python3 -c \"import socket; s = socket.socket("
				"socket.AF_INET, socket.SOCK_DGRAM); [s.sendto(b'x', "
				"('127.0.0.1', 9)) for i in (1, 2)]\"; wait"),
		    "id 2: \033[1;31mdrop\033[0m\n");
}

Test(terminal, the_heading_of_watch_comes_again_for_each_page)
{
	const char *text, *line, *heading;
	struct tool tool[3];
	unsigned int lines = 0, headings = 0;
	size_t width;

	network_enter();
	for (int i = 0; i < 3; i++)
		tool[i] = tool_start(i, "exec " IPQCTL " try --queue %d", i);
	text = on_terminal(80, 10, IPQCTL " status --watch --interval 1 --count 8");
	heading = text;
	cr_assert(!strncmp(heading, "queue process ", 14), "%s", text);
	width = strcspn(heading, "\n");
	for (line = text; *line; line += strcspn(line, "\n") + 1) {
		cr_assert(strcspn(line, "\n") == width, "%s", text);
		if (!strncmp(line, "queue", 5)) {
			cr_assert(lines <= 10);
			lines = 0;
			headings++;
		}
		lines++;
	}
	/* ten lines have room for a heading and two looks of three lines each */
	cr_assert(headings == 4, "%u in %s", headings, text);
	for (int i = 0; i < 3; i++)
		tool_stop(&tool[i]);
}
