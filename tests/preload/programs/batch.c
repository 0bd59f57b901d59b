/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch WAY COUNT: after a line on standard input, accepts COUNT packets, whose
 * texts are 0, 1, 2 and so on. Checks before and after each that poll(2) tells
 * whether there is one. */
#include <poll.h>
#include <stdbool.h>
#include <sys/uio.h>

#include "old.h"

static union old_message m, again;

static ssize_t by_recv(int fd)
{
	return recv(fd, &m, sizeof(m), MSG_DONTWAIT);
}

/* Looks at the message several times, as a whole and in part. */
static ssize_t by_peek(int fd)
{
	ssize_t n = recv(fd, &again, sizeof(again), MSG_PEEK | MSG_DONTWAIT);

	for (int i = 0; i < 3; i++) {
		memset(&m, 0xee, sizeof(m));
		check(recv(fd, &m, sizeof(m.nlh), MSG_PEEK) == sizeof(m.nlh));
		check(!memcmp(&m, &again, sizeof(m.nlh)));
		check(recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC) == n);
	}
	check(recv(fd, &m, sizeof(m), 0) == n);
	check(!memcmp(&m, &again, n));
	return n;
}

static ssize_t by_parts(int fd)
{
	struct iovec parts[] = {
		{ &m, 100 }, { m.bytes + 100, 30 }, { m.bytes + 130, sizeof(m) - 130 },
	};

	return readv(fd, parts, 3);
}

/* Asks for several messages, and returns one at a time. */
static ssize_t by_recvmmsg(int fd)
{
	static union old_message others[3];
	static int held, given;
	static ssize_t lens[3];
	struct iovec iov[3];
	struct mmsghdr msgs[3] = { 0 };

	if (given == held) {
		for (int i = 0; i < 3; i++) {
			iov[i] = (struct iovec) { &others[i], sizeof(others[i]) };
			msgs[i].msg_hdr.msg_iov = &iov[i];
			msgs[i].msg_hdr.msg_iovlen = 1;
		}
		held = recvmmsg(fd, msgs, 3, MSG_DONTWAIT, NULL);
		for (int i = 0; i < held; i++)
			lens[i] = msgs[i].msg_len;
		given = 0;
	}
	check(given < held);
	memcpy(&m, &others[given], lens[given]);
	return lens[given++];
}

static const struct way {
	const char *name;
	ssize_t (*go)(int fd);
	bool is_ahead;			/* may have read more than it has returned */
} ways[] = {
	{ "recv", by_recv },
	{ "peek", by_peek },
	{ "parts", by_parts },
	{ "recvmmsg", by_recvmmsg, true },
};

static const struct way *find(const char *name)
{
	const struct way *way = ways;

	while (strcmp(way->name, name))
		check(++way < ways + sizeof(ways) / sizeof(ways[0]));
	return way;
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

int main(int argc, char **argv)
{
	const struct way *way = find(argv[1]);
	int fd, count = atoi(argv[2]);
	char line[8];

	old_limit();
	check(argc == 3);
	fd = old_ready(NETLINK_FIREWALL);
	say("ready");
	check(fgets(line, sizeof(line), stdin));
	for (int i = 0; i < count; i++) {
		ipq_packet_msg_t *packet;
		char expected[16];
		size_t len;

		check(way->is_ahead || readable(fd));
		packet = old_packet(&m, way->go(fd));
		snprintf(expected, sizeof(expected), "%d", i);
		check(!strncmp(old_text(packet, &len), expected, strlen(expected)));
		check(len == strlen(expected));
		old_accept(fd, packet->packet_id);
	}
	check(!readable(fd));
	check(recv(fd, &m, sizeof(m), MSG_DONTWAIT) == -1 && errno == EAGAIN);
	say("done");
	return 0;
}
