/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch-passed: two processes share a socket, but not the library's memory. After a line
 * on standard input, the first accepts packets, then the second reads one and leaves it,
 * then the first accepts all others. */
#include <sys/wait.h>

#include "old.h"

static union {
	struct cmsghdr first;
	char bytes[CMSG_SPACE(sizeof(int))];
} control;
static char byte;
static struct iovec iov = { &byte, 1 };
static struct msghdr message = {
	.msg_iov = &iov, .msg_iovlen = 1,
	.msg_control = control.bytes, .msg_controllen = sizeof(control),
};

static void give(int channel, int fd)
{
	control.first.cmsg_level = SOL_SOCKET;
	control.first.cmsg_type = SCM_RIGHTS;
	control.first.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.first), &fd, sizeof(fd));
	check(sendmsg(channel, &message, 0) == 1);
}

static int take(int channel)
{
	int fd;

	check(recvmsg(channel, &message, 0) == 1);
	memcpy(&fd, CMSG_DATA(&control.first), sizeof(fd));
	return fd;
}

static union old_message m;

/* Without a pause, so that verdicts are held. */
static void accept_packets(int fd, int count)
{
	for (int i = 0; i < count && recv(fd, &m, sizeof(m), MSG_DONTWAIT) > 0; i++)
		old_accept(fd, m.packet.msg.packet_id);
}

int main(void)
{
	int channel[2], status, fd;
	pid_t child;
	char line[8];

	old_limit();
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, channel));
	/* before the library has any memory to share */
	child = old_fork();
	if (child == 0) {
		fd = take(channel[1]);
		old_read(fd, &m);
		_exit(0);
	}
	fd = old_ready(NETLINK_FIREWALL);
	say("ready");
	check(fgets(line, sizeof(line), stdin));
	accept_packets(fd, 80);
	give(channel[0], fd);
	check(waitpid(child, &status, 0) == child && status == 0);
	accept_packets(fd, 10000);
	say("done");
	check(fgets(line, sizeof(line), stdin));
	return 0;
}
