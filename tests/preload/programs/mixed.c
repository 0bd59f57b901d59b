/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creates a handle with libipq, and reads and writes its descriptor itself, in
 * ip_queue's protocol. Exit status 1 if that does not work. With an argument, it reads
 * with libipq only. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <libipq.h>

int main(int argc, char **argv)
{
	struct {
		struct nlmsghdr nlh;
		ipq_peer_msg_t body;
	} mode = {
		.nlh = {
			.nlmsg_len = sizeof(mode),
			.nlmsg_type = IPQM_MODE,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_pid = getpid(),
		},
		.body.msg.mode.value = IPQ_COPY_META,
	};
	struct nlmsghdr head;
	struct ipq_handle *h;
	unsigned char buf[2048];

	if (unshare(CLONE_NEWNET) || !(h = ipq_create_handle(0, PF_INET))) {
		ipq_perror("mixed");
		return 2;
	}
	(void)argv;
	if (argc > 1 && send(h->fd, &mode, sizeof(mode), 0) == sizeof(mode))
		return ipq_read(h, buf, sizeof(buf), 100000) == 0;
	/* a valid request, which has no answer */
	if (send(h->fd, &mode, sizeof(mode), 0) != sizeof(mode) ||
	    recv(h->fd, buf, sizeof(buf), MSG_DONTWAIT) != -1 || errno != EAGAIN)
		return 1;
	/* an unknown mode; the error message is looked at first */
	mode.body.msg.mode.value = 77;
	if (send(h->fd, &mode, sizeof(mode), 0) != sizeof(mode) ||
	    recv(h->fd, &head, sizeof(head), MSG_PEEK) != sizeof(head) ||
	    read(h->fd, buf, sizeof(buf)) != (ssize_t)sizeof(mode) + 20)
		return 1;
	memcpy(&head, buf + 20, sizeof(head));
	if (ipq_message_type(buf) != NLMSG_ERROR || ipq_get_msgerr(buf) != EINVAL ||
	    head.nlmsg_type != IPQM_MODE)
		return 1;
	/* the same with libipq's functions */
	if (ipq_set_mode(h, 77, 0) < 0 || ipq_read(h, buf, sizeof(buf), 1000000) <= 0 ||
	    ipq_get_msgerr(buf) != EINVAL)
		return 1;
	ipq_destroy_handle(h);
	printf("served\n");
	return 0;
}
