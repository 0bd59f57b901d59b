/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals COUNT: lets packets pass in a signal handler (SIGIO), which interrupts
 * malloc and free wherever it may; ends after COUNT. */
#include <fcntl.h>

#include "old.h"

static volatile sig_atomic_t passed;
static int fd;

static void handle(int number)
{
	static union old_message m;
	int saved = errno;
	ssize_t n;

	(void)number;
	while ((n = recv(fd, &m, sizeof(m), MSG_DONTWAIT)) > 0) {
		old_accept(fd, old_packet(&m, n)->packet_id);
		passed++;
	}
	check(errno == EAGAIN);
	errno = saved;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = handle };
	int count = argc > 1 ? atoi(argv[1]) : 1;
	void *volatile p;

	old_limit();
	check(!sigaction(SIGIO, &action, NULL));
	fd = old_ready(NETLINK_FIREWALL);
	check(!fcntl(fd, F_SETOWN, getpid()));
	check(!fcntl(fd, F_SETFL, O_ASYNC));
	say("ready");
	for (size_t size = 1; passed < count; size = size * 7 % 300007) {
		p = malloc(size);
		errno = EDOM;
		free(p);
		check(errno == EDOM);
	}
	return 0;
}
