/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stock COUNT: accepts packets and ends after COUNT of them. It has the old libipq
 * inside: select before recvfrom if there is a timeout, an address of 12 bytes
 * with the port ID of the kernel, mode requests of 56 bytes, verdicts as header,
 * message and payload. */
#include <sys/select.h>
#include <sys/uio.h>

#include "old.h"

static struct {
	int fd;
	struct sockaddr_nl local, peer;
} h;

static void create(void)
{
	socklen_t len = sizeof(h.local);

	h.fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_FIREWALL);
	check(h.fd >= 0);
	h.local.nl_family = h.peer.nl_family = AF_NETLINK;
	h.local.nl_pid = getpid();
	check(!bind(h.fd, (struct sockaddr *)&h.local, sizeof(h.local)));
	check(!getsockname(h.fd, (struct sockaddr *)&h.local, &len));
	check(len == sizeof(h.local) && h.local.nl_family == AF_NETLINK);
}

static void set_mode(uint8_t mode, size_t range)
{
	struct {
		struct old_request request;
		char stray[NLMSG_LENGTH(0)];
	} r = { .request = old_mode_request(mode, range) };

	memset(r.stray, 0x5a, sizeof(r.stray));
	r.request.nlh.nlmsg_len = NLMSG_LENGTH(sizeof(r.request));
	r.request.nlh.nlmsg_pid = h.local.nl_pid;
	check(sendto(h.fd, &r, r.request.nlh.nlmsg_len, 0, (struct sockaddr *)&h.peer,
		     sizeof(h.peer)) == (ssize_t)r.request.nlh.nlmsg_len);
}

/* Returns 0 after the timeout, which is in seconds. */
static ssize_t get(void *buf, size_t len, int timeout)
{
	struct timeval wait = { .tv_sec = timeout };
	socklen_t peer_len = sizeof(h.peer);
	fd_set readable;
	ssize_t n;

	FD_ZERO(&readable);
	FD_SET(h.fd, &readable);
	if (timeout && select(h.fd + 1, &readable, NULL, NULL, &wait) <= 0)
		return 0;
	n = recvfrom(h.fd, buf, len, 0, (struct sockaddr *)&h.peer, &peer_len);
	check(n > 0);
	check(peer_len == sizeof(h.peer));
	check(h.peer.nl_pid == 0);
	check((size_t)n <= len && ((struct nlmsghdr *)buf)->nlmsg_len <= (size_t)n);
	return n;
}

static void set_verdict(unsigned long id, unsigned int verdict, size_t data_len,
			void *data)
{
	struct old_request r = old_verdict_request(id, verdict, data_len);
	struct iovec iov[3] = {
		{ &r.nlh, sizeof(r.nlh) },
		{ &r.body, sizeof(r.body) },
		{ data, data_len },
	};
	struct msghdr msg = {
		.msg_name = &h.peer, .msg_namelen = sizeof(h.peer),
		.msg_iov = iov, .msg_iovlen = data ? 3 : 2,
	};

	r.nlh.nlmsg_pid = h.local.nl_pid;
	check(sendmsg(h.fd, &msg, 0) == (ssize_t)r.nlh.nlmsg_len);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;
	static union old_message m;
	ipq_packet_msg_t *packet;
	size_t len;
	char *text;

	old_limit();
	create();
	set_mode(IPQ_COPY_PACKET, 2048);
	say("ready");
	for (int i = 0; i < count; i++) {
		packet = old_packet(&m, get(&m, sizeof(m), i % 2 * SECONDS_MAX));
		text = old_text(packet, &len);
		printf("%.*s\n", (int)len, text);
		fflush(stdout);
		set_verdict(packet->packet_id, NF_ACCEPT, i % 2 ? packet->data_len : 0,
			    i % 2 ? packet->payload : NULL);
	}
	set_verdict(0, NF_ACCEPT, 0, NULL);
	check(get(&m, sizeof(m), 1) == sizeof(struct nlmsgerr) + sizeof(m.nlh) +
	      sizeof(ipq_peer_msg_t));
	check(((struct nlmsgerr *)NLMSG_DATA(&m.nlh))->error == -ENOENT);
	say("refused");
	return 0;
}
