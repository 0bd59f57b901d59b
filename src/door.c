/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door of a mover: a listening socket by which other processes find the mover that
 * has a queue number, and learn that it has ended. Its address is in the abstract
 * namespace (unix(7)); like queue numbers, it is separate in each network namespace. Knows
 * nothing of packets or handles. */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "door.h"

/* How long door_knock waits for an answer, in ms. */
#define ANSWER_MAX 5000

/* The mover makes its system calls without the C library's functions, see mover.c. */

/* Returns the id of the process at the other end, 0 if it belongs to another user than root
 * or the one that runs this process: any user can bind the address, and connect to it. */
static pid_t process_behind(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
	    (peer.uid && peer.uid != geteuid()))
		return 0;
	return peer.pid;
}

void door_open(int door)
{
	syscall(SYS_listen, door, 16);
}

int door_accept(int door, pid_t *process)
{
	int fd = syscall(SYS_accept4, door, NULL, NULL, SOCK_CLOEXEC);

	*process = process_behind(fd);
	return fd;
}

void door_go_on(int connection)
{
	if (connection < 0)
		return;
	syscall(SYS_sendto, connection, "", 1, MSG_NOSIGNAL, NULL, 0);
	syscall(SYS_close, connection);
}

static socklen_t address_of(uint16_t queue, struct sockaddr_un *address)
{
	int len;

	*address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	len = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1,
		       "libipq/mover/%u", queue);
	return offsetof(struct sockaddr_un, sun_path) + 1 + len;
}

/* If a previous mover of these numbers is about to exit, door_knock waits until it has
 * closed its door. */
int door_make(uint16_t queue)
{
	struct sockaddr_un address;
	socklen_t len = address_of(queue, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	for (int tries = 0; fd >= 0 && tries < 3; tries++) {
		if (!bind(fd, (struct sockaddr *)&address, len))
			return fd;
		door_knock(queue);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Waits for the end of the process if it is a child of this one (mover.c). */
static void reap(pid_t process)
{
	while (waitpid(process, NULL, __WCLONE) < 0 && errno == EINTR)
		;
}

void door_knock(uint16_t queue)
{
	struct sockaddr_un address;
	socklen_t len = address_of(queue, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd answered = { .fd = fd, .events = POLLIN };
	pid_t process;
	char stays;

	if (fd < 0)
		return;
	if (!connect(fd, (struct sockaddr *)&address, len)) {
		process = process_behind(fd);
		if (process && poll(&answered, 1, ANSWER_MAX) > 0 &&
		    recv(fd, &stays, 1, MSG_DONTWAIT) != 1)
			reap(process);
	}
	close(fd);
}
