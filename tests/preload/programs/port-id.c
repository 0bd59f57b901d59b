/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port-id: binds sockets to port IDs of its own choice, and to none. Error messages must
 * be addressed to these. */
#include "old.h"

/* Gives a verdict on an unknown packet. Returns the port ID that the error message
 * is addressed to. */
static uint32_t answered_to(int fd)
{
	struct old_request r = old_verdict_request(99, NF_ACCEPT, 0);
	union old_message m;

	old_send(fd, &r, sizeof(r));
	check(recv(fd, &m, sizeof(m), 0) > (ssize_t)sizeof(m.nlh));
	check(m.nlh.nlmsg_type == NLMSG_ERROR);
	return m.nlh.nlmsg_pid;
}

/* The same for an acknowledgement. */
static uint32_t acknowledged_to(int fd)
{
	struct old_request r = old_mode_request(IPQ_COPY_META, 0);
	union old_message m;

	r.nlh.nlmsg_flags |= NLM_F_ACK;
	old_send(fd, &r, sizeof(r));
	check(recv(fd, &m, sizeof(m), 0) == 36);
	check(m.nlh.nlmsg_type == NLMSG_ERROR);
	return m.nlh.nlmsg_pid;
}

static int bound(int protocol, uint32_t port_id)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK, .nl_pid = port_id };
	int fd = old_open(protocol, SOCK_RAW);

	check(!bind(fd, (struct sockaddr *)&local, sizeof(local)));
	return fd;
}

int main(void)
{
	struct sockaddr_nl shown;
	socklen_t len = sizeof(shown);
	int fd;

	old_limit();
	fd = bound(NETLINK_FIREWALL, 4242);
	check(answered_to(fd) == 4242);
	check(acknowledged_to(fd) == 4242);
	/* the first request binds it */
	fd = old_open(NETLINK_IP6_FW, SOCK_RAW);
	check(answered_to(fd) == (uint32_t)getpid());
	/* and later requests do not change that */
	fd = old_open(NETLINK_FIREWALL, SOCK_RAW);
	check(answered_to(fd) > 0);
	check(!getsockname(fd, (struct sockaddr *)&shown, &len));
	check(answered_to(fd) == shown.nl_pid);
	say("done");
	return 0;
}
