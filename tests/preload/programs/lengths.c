/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads messages as a whole, in part, into several buffers and not at all. Each length
 * must be that of the old message. */
#include <limits.h>
#include <sys/uio.h>

#include "old.h"

#define LEN ((ssize_t)NLMSG_ALIGN(sizeof(whole.packet) + 33))

static union old_message whole, m;
static int fd;

static void expect_empty(void)
{
	struct iovec iov[2] = { { &m, 16 }, { m.bytes + 16, 1000 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	check(recv(fd, &m, sizeof(m), MSG_DONTWAIT) == -1 && errno == EAGAIN);
	check(recvmsg(fd, &msg, MSG_DONTWAIT) == -1 && errno == EAGAIN);
}

static void next_packet(void)
{
	old_hello();
	check(recv(fd, &whole, sizeof(whole), MSG_PEEK) == LEN);
	check(old_packet(&whole, LEN)->data_len == 33);
}

/* The first len bytes must be those of the message, and the rest unchanged. */
static void check_bytes(ssize_t len)
{
	check(!memcmp(&m, &whole, len));
	for (size_t i = len; i < 1000; i++)
		check(m.bytes[i] == 0xcc);
}

static void peek(void)
{
	static const ssize_t lens[] = {
		0, 1, 15, 16, 17, 112, 120, 146, 147, 148, 149, 999,
	};
	struct iovec iov = { .iov_base = &m };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t some;

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		some = lens[i] < LEN ? lens[i] : LEN;
		memset(&m, 0xcc, sizeof(m));
		check(recv(fd, &m, lens[i], MSG_PEEK) == some);
		check_bytes(some);
		check(recvfrom(fd, &m, lens[i], MSG_PEEK, NULL, NULL) == some);
		check_bytes(some);
		check(recv(fd, &m, lens[i], MSG_PEEK | MSG_TRUNC) == LEN);
		check_bytes(some);
		check(recv(fd, &m, lens[i], MSG_PEEK | MSG_WAITALL) == some);
		check_bytes(some);
		iov.iov_len = lens[i];
		check(recvmsg(fd, &msg, MSG_PEEK) == some);
		check(msg.msg_flags == (lens[i] < LEN ? MSG_TRUNC : 0));
		check(recvmsg(fd, &msg, MSG_PEEK | MSG_TRUNC) == LEN);
		check(msg.msg_flags == (lens[i] < LEN ? MSG_TRUNC : 0));
		check_bytes(some);
	}
}

/* Reads into consecutive buffers of piece bytes each, total bytes in all. */
static void scatter(size_t piece, size_t total)
{
	ssize_t some = (ssize_t)total < LEN ? (ssize_t)total : LEN;
	struct iovec iov[1000];
	struct msghdr msg = { .msg_iov = iov };

	for (size_t at = 0; at < total; at += piece)
		iov[msg.msg_iovlen++] = (struct iovec) {
			m.bytes + at, at + piece < total ? piece : total - at,
		};
	memset(&m, 0xcc, sizeof(m));
	check(recvmsg(fd, &msg, MSG_PEEK) == some);
	check(msg.msg_flags == ((ssize_t)total < LEN ? MSG_TRUNC : 0));
	check_bytes(some);
	memset(&m, 0xcc, sizeof(m));
	check(recvmsg(fd, &msg, MSG_PEEK | MSG_TRUNC) == LEN);
	check_bytes(some);
}

static void scatter_all(void)
{
	static const size_t pieces[] = { 1, 3, 7, 16, 96, 112, 147, 148, 149, 500 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		for (size_t total = 20; total < 1000; total += 64)
			scatter(pieces[i], total);
}

/* read(2) of 0 bytes takes no message; recv(2) of 0 bytes does. */
static void take_nothing(void)
{
	struct iovec iov = { .iov_base = &m };

	check(read(fd, &m, 0) == 0);
	check(readv(fd, &iov, 1) == 0);
	check(readv(fd, &iov, 0) == 0);
	check(recv(fd, &m, sizeof(m), MSG_PEEK) == LEN);
	check(recv(fd, &m, 0, 0) == 0);
	expect_empty();
	old_accept(fd, whole.packet.msg.packet_id);
}

/* What does not fit is lost, but the id was read. */
static void take_part(void)
{
	union old_message part;

	next_packet();
	memset(&part, 0, sizeof(part));
	check(recv(fd, &part, 24, 0) == 24);
	expect_empty();
	old_accept(fd, part.packet.msg.packet_id);
}

/* Reads as many messages as the timeout allows. */
static void take_in_time(struct mmsghdr msgs[2])
{
	struct timespec none = { 0 }, enough = { .tv_sec = SECONDS_MAX };
	struct timespec for_ever = { .tv_sec = LONG_MAX };

	old_hello();
	old_hello();
	/* recvmmsg(2) checks the timeout after each message */
	check(recvmmsg(fd, msgs, 2, 0, &none) == 1 && msgs[0].msg_len == LEN);
	old_accept(fd, m.packet.msg.packet_id);
	old_hello();
	check(recvmmsg(fd, msgs, 2, 0, &enough) == 2);
	old_accept(fd, m.packet.msg.packet_id);
	old_accept(fd, whole.packet.msg.packet_id);
	old_hello();
	check(recvmmsg(fd, msgs, 1, 0, &for_ever) == 1);
	old_accept(fd, m.packet.msg.packet_id);
}

/* One message at a time, with any buffer and flags. */
static void take_two(void)
{
	struct iovec iov[2] = { { &m, sizeof(m) }, { &whole, sizeof(whole) } };
	struct mmsghdr msgs[2] = {
		{ .msg_hdr = { .msg_iov = &iov[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &iov[1], .msg_iovlen = 1 } },
	};
	unsigned long first;

	old_hello();
	old_hello();
	check(recv(fd, &m, sizeof(m), MSG_WAITALL) == LEN);
	first = m.packet.msg.packet_id;
	check(recv(fd, &m, sizeof(m), MSG_WAITALL) == LEN);
	check(m.packet.msg.packet_id == first + 1);
	old_accept(fd, first);
	old_accept(fd, first + 1);
	expect_empty();

	old_hello();
	old_hello();
	check(recvmmsg(fd, msgs, 2, 0, NULL) == 2);
	check(msgs[0].msg_len == LEN && msgs[1].msg_len == LEN);
	check(whole.packet.msg.packet_id == m.packet.msg.packet_id + 1);
	check(recvmmsg(fd, msgs, 2, MSG_DONTWAIT, NULL) == -1 && errno == EAGAIN);
	check(recvmmsg(fd, msgs, 0, 0, NULL) == 0);
	old_accept(fd, m.packet.msg.packet_id);
	old_accept(fd, whole.packet.msg.packet_id);
	take_in_time(msgs);
}

int main(void)
{
	old_limit();
	fd = old_ready(NETLINK_FIREWALL);
	expect_empty();
	check(sizeof(long) == 4 || LEN == 148);
	next_packet();
	peek();
	scatter_all();
	take_nothing();
	take_part();
	take_two();
	say("done");
	return 0;
}
