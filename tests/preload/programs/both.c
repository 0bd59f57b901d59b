/* SPDX-License-Identifier: GPL-2.0-or-later */
/* both FIRST RECEIVE [FD FD6]: accepts packets of both families, with a socket for each,
 * and prints their texts. The protocol FIRST, 3 or 13, makes its request first. Waits in
 * poll(2), and then reads blocking with RECEIVE. The lines "close N", "open N" and "move
 * N HOW" (to another descriptor) on standard input refer to protocol N; "execute" makes
 * it execute itself with its sockets. */
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>

#include "old.h"

static const int protocols[2] = { NETLINK_FIREWALL, NETLINK_IP6_FW };
static struct pollfd fds[3] = { { 0, POLLIN, 0 }, { -1, POLLIN, 0 }, { -1, POLLIN, 0 } };
static union old_message m;

static ssize_t receive(int fd, const char *how)
{
	struct nlmsghdr head;
	ssize_t n;

	if (!strcmp(how, "read"))
		return read(fd, &m, sizeof(m));
	if (strcmp(how, "peek"))
		return recv(fd, &m, sizeof(m), 0);
	check(recv(fd, &head, sizeof(head), MSG_PEEK | MSG_TRUNC) >= (ssize_t)sizeof(head));
	n = recv(fd, &m, head.nlmsg_len, 0);
	check(n == (ssize_t)head.nlmsg_len && m.nlh.nlmsg_type == head.nlmsg_type);
	return n;
}

static void pass(int i, const char *how)
{
	ssize_t n = receive(fds[1 + i].fd, how);
	ipq_packet_msg_t *packet;
	size_t len;
	char *text;

	packet = old_packet(&m, n);
	text = old_text(packet, &len);
	check(packet->payload[0] >> 4 == (i ? 6 : 4));
	old_accept(fds[1 + i].fd, packet->packet_id);
	printf("%d: %.*s\n", i ? 6 : 4, (int)len, text);
	fflush(stdout);
}

static int move(int fd, const char *how)
{
	int to = fcntl(fd, F_DUPFD, 20);

	check(to >= 20);
	if (!strcmp(how, "close"))
		check(!close(fd));
	else if (!strcmp(how, "dup2"))
		check(dup2(0, fd) == fd);
	else
		check(!syscall(SYS_close, fd));
	return to;
}

static void execute(char **argv)
{
	char fd[2][16];

	for (int i = 0; i < 2; i++)
		snprintf(fd[i], sizeof(fd[i]), "%d", fds[1 + i].fd);
	execl("/proc/self/exe", argv[0], argv[1], argv[2], fd[0], fd[1], NULL);
	check(!"executed");
}

static int obey(char **argv)
{
	char line[64], how[16];
	int protocol, i;

	if (!fgets(line, sizeof(line), stdin))
		return 0;
	if (!strcmp(line, "execute\n")) {
		execute(argv);
	} else if (sscanf(line, "close %d", &protocol) == 1) {
		i = protocol == protocols[1];
		check(!close(fds[1 + i].fd));
		fds[1 + i].fd = -1;
	} else if (sscanf(line, "move %d %15s", &protocol, how) == 2) {
		i = protocol == protocols[1];
		fds[1 + i].fd = move(fds[1 + i].fd, how);
	} else {
		check(sscanf(line, "open %d", &protocol) == 1);
		i = protocol == protocols[1];
		fds[1 + i].fd = old_ready(protocol);
	}
	say("done");
	return 1;
}

static void open_both(int first)
{
	fds[1 + first].fd = old_ready(protocols[first]);
	fds[1 + !first].fd = old_ready(protocols[!first]);
}

int main(int argc, char **argv)
{
	old_limit();
	check(argc == 3 || argc == 5);
	setvbuf(stdin, NULL, _IONBF, 0);
	if (argc == 3)
		open_both(atoi(argv[1]) == protocols[1]);
	for (int i = 0; i < argc - 3; i++)
		fds[1 + i].fd = atoi(argv[3 + i]);
	say("ready");
	while (1) {
		check(poll(fds, 3, -1) > 0);
		if (fds[0].revents && !obey(argv))
			return 0;
		for (int i = 0; i < 2; i++)
			if (fds[1 + i].fd >= 0 && fds[1 + i].revents)
				pass(i, argv[2]);
	}
}
