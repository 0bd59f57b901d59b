/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals COUNT: accepts packets in a signal handler (SIGIO), which interrupts malloc,
 * free and the functions that it calls itself. Ends after COUNT packets. The handler must
 * not allocate memory. */
#include <fcntl.h>

#include "old.h"

static volatile sig_atomic_t passed, handling;
static int fd;

void *__libc_malloc(size_t size);
void __libc_free(void *p);

void *malloc(size_t size)
{
	check(!handling);
	return __libc_malloc(size);
}

void free(void *p)
{
	check(!handling);
	__libc_free(p);
}

static void handle(int number)
{
	static union old_message m;
	int saved = errno;
	ssize_t n;

	(void)number;
	handling = 1;
	while ((n = recv(fd, &m, sizeof(m), MSG_DONTWAIT)) > 0) {
		old_accept(fd, old_packet(&m, n)->packet_id);
		passed++;
	}
	check(errno == EAGAIN);
	handling = 0;
	errno = saved;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = handle };
	int count = argc > 1 ? atoi(argv[1]) : 1;
	struct sockaddr_nl nl;
	void *volatile p;
	socklen_t len;

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
		check(write(fd, "", 0) == 0);
		check(recv(fd, &nl, 0, MSG_PEEK | MSG_DONTWAIT) == 0 || errno == EAGAIN);
		len = sizeof(nl);
		check(!getsockname(fd, (struct sockaddr *)&nl, &len));
		check(nl.nl_pid == (uint32_t)getpid());
	}
	return 0;
}
