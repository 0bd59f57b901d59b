/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fortified HOW SIZE: accepts one packet, then reads messages of other sockets. It reads
 * with HOW at most SIZE bytes into a buffer of 70,000. As the compiler knows the size of
 * the buffer but not SIZE, it calls the checking functions of the C library. */
#include <sys/syscall.h>

#include "old.h"

static union old_message m;
static struct sockaddr_nl from;
static socklen_t len;

static ssize_t by(const char *how, int fd, size_t size)
{
	len = sizeof(from);
	if (!strcmp(how, "recvfrom"))
		return recvfrom(fd, &m, size, 0, (struct sockaddr *)&from, &len);
	return !strcmp(how, "recv") ? recv(fd, &m, size, 0) : read(fd, &m, size);
}

static void read_socket(const char *how, size_t size)
{
	int ends[2];

	check(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	check(send(ends[1], "other", 5, 0) == 5);
	check(by(how, ends[0], size) == 5 && !memcmp(&m, "other", 5));
}

/* The pipe has a number that was an ip_queue socket, and the library has not
 * seen the change. */
static void read_pipe(const char *how, int fd, size_t size)
{
	int ends[2];

	check(!pipe(ends) && write(ends[1], "other", 5) == 5);
	check(syscall(SYS_dup3, ends[0], fd, 0) == fd);
	if (!strcmp(how, "read"))
		check(by(how, fd, size) == 5 && !memcmp(&m, "other", 5));
	else
		check(by(how, fd, size) == -1 && errno == ENOTSOCK);
}

int main(int argc, char **argv)
{
	ipq_packet_msg_t *packet;
	size_t size;
	ssize_t n;
	int fd;

	old_limit();
	check(argc == 3);
	size = atol(argv[2]);
	fd = old_ready(NETLINK_FIREWALL);
	say("ready");
	n = by(argv[1], fd, size);
	check(strcmp(argv[1], "recvfrom") || (len == sizeof(from) && from.nl_pid == 0));
	packet = old_packet(&m, n);
	printf("%zd bytes: %.*s\n", n, (int)packet->data_len - 28,
	       (char *)packet->payload + 28);
	old_accept(fd, packet->packet_id);
	read_socket(argv[1], size);
	read_pipe(argv[1], fd, size);
	return 0;
}
