/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own-reads HOW: accepts one packet with libipq, but reads the descriptor of its handle
 * itself. "peek": looks at the header, then reads as many bytes as it tells. "read":
 * reads the message at once. */
#include <libipq.h>

#include "old.h"

static union old_message m;

int main(int argc, char **argv)
{
	struct sockaddr_nl local;
	socklen_t len = sizeof(local);
	ipq_packet_msg_t *packet;
	struct ipq_handle *h;
	size_t text_len;
	char *text;
	ssize_t n;

	old_limit();
	check(argc == 2);
	h = ipq_create_handle(0, PF_INET);
	check(h && ipq_set_mode(h, IPQ_COPY_PACKET, 0) > 0);
	check(!getsockname(h->fd, (struct sockaddr *)&local, &len));
	check(local.nl_pid == (uint32_t)getpid() && local.nl_pid == h->local.nl_pid);
	say("ready");
	if (!strcmp(argv[1], "peek")) {
		check(recv(h->fd, &m, sizeof(m.nlh), MSG_PEEK) == sizeof(m.nlh));
		n = recv(h->fd, &m, m.nlh.nlmsg_len, MSG_WAITALL);
	} else {
		n = read(h->fd, &m, sizeof(m));
	}
	packet = old_packet(&m, n);
	check(n == (ssize_t)m.nlh.nlmsg_len);
	text = old_text(packet, &text_len);
	printf("%.*s\n", (int)text_len, text);
	check(ipq_set_verdict(h, packet->packet_id, NF_ACCEPT, 0, NULL) > 0);
	/* libipq must still be able to read: an error message, as the packet was
	 * accepted already */
	check(ipq_set_verdict(h, packet->packet_id, NF_ACCEPT, 0, NULL) > 0);
	check(ipq_read(h, m.bytes, sizeof(m), 0) > 0);
	check(ipq_message_type(m.bytes) == NLMSG_ERROR);
	check(ipq_get_msgerr(m.bytes) == ENOENT);
	check(!ipq_destroy_handle(h));
	return 0;
}
