/* SPDX-License-Identifier: GPL-2.0-or-later */
/* passed HOW: a process opens the socket and passes it over a Unix socket to a process
 * that was started before, which receives it with HOW, recvmsg or recvmmsg, and
 * accepts a packet. "credentials": the message also has the sender's credentials,
 * before the descriptor. */
#include <sys/wait.h>

#include "old.h"

static union {
	struct cmsghdr first;
	char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
} control;
static char byte;
static struct iovec iov = { &byte, 1 };
static struct mmsghdr message = {
	.msg_hdr = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes,
	},
};

static void give(int channel, int fd)
{
	control.first.cmsg_level = SOL_SOCKET;
	control.first.cmsg_type = SCM_RIGHTS;
	control.first.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.first), &fd, sizeof(fd));
	message.msg_hdr.msg_controllen = CMSG_SPACE(sizeof(fd));
	check(sendmsg(channel, &message.msg_hdr, 0) == 1);
}

static int take(int channel, const char *how)
{
	struct cmsghdr *c;
	int fd, on = 1;

	if (!strcmp(how, "credentials"))
		check(!setsockopt(channel, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	message.msg_hdr.msg_controllen = sizeof(control);
	if (strcmp(how, "recvmmsg"))
		check(recvmsg(channel, &message.msg_hdr, 0) == 1);
	else
		check(recvmmsg(channel, &message, 1, 0, NULL) == 1);
	c = CMSG_FIRSTHDR(&message.msg_hdr);
	if (!strcmp(how, "credentials")) {
		check(c && c->cmsg_type == SCM_CREDENTIALS);
		c = CMSG_NXTHDR(&message.msg_hdr, c);
	}
	check(c && c->cmsg_type == SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int main(int argc, char **argv)
{
	int channel[2], status, fd;
	pid_t child;

	old_limit();
	check(argc == 2 && !socketpair(AF_UNIX, SOCK_STREAM, 0, channel));
	child = old_fork();
	if (child == 0) {
		fd = take(channel[1], argv[1]);
		say("ready");
		old_pass(fd);
		return 0;
	}
	fd = old_ready(NETLINK_FIREWALL);
	give(channel[0], fd);
	check(!close(fd));
	check(waitpid(child, &status, 0) == child && status == 0);
	return 0;
}
