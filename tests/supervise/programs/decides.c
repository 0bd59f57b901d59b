/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decides COUNT: waits for lines on its standard input. "accept": accepts COUNT packets,
 * then waits for the next line, without reading again. "give up": the same, but then gives
 * up its capabilities, accepts another packet, reads the answer behind the packets that
 * wait, which must be EPERM, and says "refused".
 */
#include <linux/capability.h>
#include <sys/syscall.h>

#include "old.h"

static struct {
	struct nlmsghdr nlh;
	ipq_peer_msg_t msg;
} request = {
	.nlh = { .nlmsg_len = sizeof(request), .nlmsg_type = IPQM_MODE,
		 .nlmsg_flags = NLM_F_REQUEST },
	.msg.msg.mode = { .value = IPQ_COPY_PACKET, .range = 2048 },
};

static union {
	struct nlmsghdr nlh;
	char bytes[4096];
} got;

static void send_request(int fd)
{
	check(send(fd, &request, sizeof(request), 0) == sizeof(request));
}

static void accept_packet(int fd)
{
	const ipq_packet_msg_t *packet = NLMSG_DATA(&got.nlh);

	check(recv(fd, &got, sizeof(got), 0) > 0 && got.nlh.nlmsg_type == IPQM_PACKET);
	request.msg.msg.verdict = (ipq_verdict_msg_t) { .value = NF_ACCEPT,
							.id = packet->packet_id };
	send_request(fd);
}

static void give_up(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	check(syscall(SYS_capset, &header, none) == 0);
}

static void be_refused(int fd)
{
	const struct nlmsgerr *error = NLMSG_DATA(&got.nlh);

	accept_packet(fd);
	do
		check(recv(fd, &got, sizeof(got), 0) > 0);
	while (got.nlh.nlmsg_type == IPQM_PACKET);
	check(got.nlh.nlmsg_type == NLMSG_ERROR && error->error == -EPERM);
	say("refused");
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_FIREWALL);
	char line[16];

	old_limit();
	request.nlh.nlmsg_pid = getpid();
	send_request(fd);
	request.nlh.nlmsg_type = IPQM_VERDICT;
	say("ready");
	while (fgets(line, sizeof(line), stdin)) {
		for (int i = 0; i < count; i++)
			accept_packet(fd);
		if (!strcmp(line, "give up\n")) {
			give_up();
			be_refused(fd);
		}
	}
	return 0;
}
