/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that programs use without including the headers that declare them. */
#include <libipq.h>

int main(void)
{
	struct ipq_handle *h = ipq_create_handle(NLM_F_REQUEST, PF_INET);
	unsigned char buf[NLMSG_SPACE(sizeof(ipq_packet_msg_t))];
	struct iovec iov = { buf, sizeof(buf) };
	struct nlmsghdr *nlh = (struct nlmsghdr *)iov.iov_base;
	struct sockaddr_nl address = h->peer;
	socklen_t len = sizeof(address);
	ipq_id_t id = 0;
	uint32_t word = NETLINK_FIREWALL + NETLINK_IP6_FW;
	__u32 same_word = IPQM_BASE + IPQM_MAX + IPQ_COPY_MAX;

	if (fcntl(h->fd, F_SETFL, fcntl(h->fd, F_GETFL) | O_NONBLOCK) < 0 &&
	    errno != EAGAIN && errno != EINTR)
		return 1;
	if (readv(h->fd, &iov, 1) < 0 ||
	    getsockname(h->fd, (struct sockaddr *)&address, &len) < 0)
		return 1;
	if (!NLMSG_OK(nlh, sizeof(buf)) || nlh->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
#if defined(__cplusplus) || !defined(__STRICT_ANSI__)
	{
		char name[IFNAMSIZ];
		u_int32_t mark = if_nametoindex(name);

		word += mark;
	}
#endif
	close(h->fd);
	return id == word + same_word;
}
