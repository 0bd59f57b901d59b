/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A module with its own code for ip_queue's protocol. Its functions are named like
 * libipq's, but take the arguments of before 2002, or a descriptor. */
#include "old.h"

int ipq_create_handle(int family);
int ipq_set_mode(int fd, int mode, int range);
int ipq_read(int fd, union old_message *m);
int ipq_set_verdict(int fd, unsigned long id, int verdict);
const char *ipq_get_packet(const union old_message *m, int *len);
void serve(int count);

int ipq_create_handle(int family)
{
	int fd = old_open(family == AF_INET6 ? NETLINK_IP6_FW : NETLINK_FIREWALL, SOCK_RAW);

	old_bind(fd);
	return fd;
}

int ipq_set_mode(int fd, int mode, int range)
{
	struct old_request r = old_mode_request(mode, range);

	return send(fd, &r, sizeof(r), 0);
}

int ipq_read(int fd, union old_message *m)
{
	return recv(fd, m, sizeof(*m), 0);
}

int ipq_set_verdict(int fd, unsigned long id, int verdict)
{
	struct old_request r = old_verdict_request(id, verdict, 0);

	return send(fd, &r, sizeof(r), 0);
}

/* Returns what follows the IP and UDP headers. */
const char *ipq_get_packet(const union old_message *m, int *len)
{
	*len = m->packet.msg.data_len - 28;
	return (const char *)m->packet.msg.payload + 28;
}

void serve(int count)
{
	static union old_message m;
	const char *text;
	int fd, len;

	old_limit();
	fd = ipq_create_handle(AF_INET);
	check(ipq_set_mode(fd, IPQ_COPY_PACKET, 0) > 0);
	say("ready");
	while (count--) {
		check(ipq_read(fd, &m) > 0 && m.nlh.nlmsg_type == IPQM_PACKET);
		text = ipq_get_packet(&m, &len);
		printf("%.*s\n", len, text);
		check(ipq_set_verdict(fd, m.packet.msg.packet_id, NF_ACCEPT) > 0);
	}
	check(ipq_set_verdict(fd, 99, NF_ACCEPT) > 0);
	check(ipq_read(fd, &m) > 0 && m.nlh.nlmsg_type == NLMSG_ERROR);
	say("refused");
}
