/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: stream
 *
 * Sends a TCP stream to port 9 of 127.0.0.1 as fast as possible, and reads it, until it
 * is killed or its parent ends, a minute at most. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static char data[0x40000];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void end_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(60);
}

/* After the process is killed, the kernel must not retransmit the rest during the
 * next measurement. */
static void leave_nothing(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void read_all(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		die("stream: accept");
	leave_nothing(fd);
	while (recv(fd, data, sizeof(data), MSG_TRUNC) > 0)
		;
	_exit(0);
}

int main(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int on = 1;

	end_with_parent();
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&to, sizeof(to)) || listen(listener, 1))
		die("stream: listen");
	switch (fork()) {
	case -1:
		die("stream: fork");
		break;
	case 0:
		end_with_parent();
		read_all(listener);
	}
	leave_nothing(fd);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("stream: connect");
	while (send(fd, data, sizeof(data), MSG_NOSIGNAL) > 0)
		;
	return 0;
}
