/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides on a packet whose message is longer than the program's buffer, if the setting
 * LIBIPQ_TRUNCATED says so. Knows nothing of waiting. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>

#include "ip_queue.h"

/* Sends the verdict on the packet whose message has its first len bytes in buf. Returns
 * false if the program must get the message. */
static bool decide(struct ip_queue *q, int fd, const unsigned char *buf, size_t len)
{
	struct request r = {
		.nlh = {
			.nlmsg_len = sizeof(r),
			.nlmsg_type = IPQM_VERDICT,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_pid = q->peer->shown,
		},
	};
	struct nlmsghdr nlh;
	unsigned long id;

	if (q->settings.truncated == TRUNCATED_ERROR || len < sizeof(nlh) + sizeof(id))
		return false;
	memcpy(&nlh, buf, sizeof(nlh));
	memcpy(&id, buf + sizeof(nlh), sizeof(id));	/* packet_id is the first member */
	if (nlh.nlmsg_type != IPQM_PACKET)
		return false;
	r.body.msg.verdict.value = q->settings.truncated == TRUNCATED_ACCEPT ? NF_ACCEPT :
									       NF_DROP;
	r.body.msg.verdict.id = id;
	return !ip_queue_request(q, fd, &r, NULL, NULL);
}

/* Receives the next message without waiting. If there is none, a program that may wait
 * gets a message that it must ignore (NLMSG_NOOP, netlink(7)): select(2) may have
 * reported the message that is gone now, and the program does not expect to wait after
 * that. */
static ssize_t receive_next(struct ip_queue *q, int fd, void *buf, size_t len, int flags)
{
	struct nlmsghdr noop = { .nlmsg_len = sizeof(noop), .nlmsg_type = NLMSG_NOOP };
	int saved = errno;
	ssize_t n = ip_queue_receive(q, fd, buf, len, flags | MSG_DONTWAIT);

	if (n >= 0 || errno != EAGAIN || flags & MSG_DONTWAIT ||
	    fcntl(fd, F_GETFL) & O_NONBLOCK)
		return n;
	errno = saved;
	memcpy(buf, &noop, len < sizeof(noop) ? len : sizeof(noop));
	return sizeof(noop);
}

ssize_t ip_queue_pass_over(struct ip_queue *q, int fd, void *buf, size_t len, int flags,
			   ssize_t n)
{
	while (n > 0 && (size_t)n > len && !(flags & MSG_PEEK) && decide(q, fd, buf, len))
		n = receive_next(q, fd, buf, len, flags);
	return n;
}
