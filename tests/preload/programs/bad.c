/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passes invalid arguments to calls on an ip_queue socket. They must fail with
 * the kernel's errno and have no other effect. The message that waits in the
 * socket must remain. */
#include <limits.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "old.h"

#define REFUSED(call, error) check((call) == -1 && errno == (error))

static int fd;

/* Addresses of memory that cannot be used. The last page of a mapping is not accessible,
 * so a range that begins before it and ends in it is so in part. There is no address
 * after the last one. */
static char *bad[7];
#define BAD (int)(sizeof(bad) / sizeof(bad[0]))
#define PARTLY 4

static void make_addresses(void)
{
	char *pages = mmap(NULL, 3 * 65536, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(pages != MAP_FAILED && !mprotect(pages + 65536, 2 * 65536, PROT_NONE));
	bad[0] = NULL;
	bad[1] = (char *)16;
	bad[2] = pages + 65536;
	bad[3] = (char *)-4096;
	bad[PARTLY] = pages + 65536 - 20;
	bad[5] = (char *)-8192;
	bad[6] = (char *)-8;
}

static void send_all(void)
{
	struct old_request good = old_mode_request(IPQ_COPY_PACKET, 0);
	struct iovec iov[2] = { { &good, 16 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 };
	struct mmsghdr two[2];

	for (int i = 0; i < BAD; i++) {
		if (i == PARTLY)
			memcpy(bad[i], &good, 20);
		REFUSED(send(fd, bad[i], sizeof(good), 0), EFAULT);
		REFUSED(sendto(fd, bad[i], sizeof(good), 0, NULL, 0), EFAULT);
		REFUSED(write(fd, bad[i], sizeof(good)), EFAULT);
		iov[0] = (struct iovec) { bad[i], sizeof(good) };
		REFUSED(sendmsg(fd, &msg, 0), EFAULT);
		REFUSED(writev(fd, iov, 1), EFAULT);
		iov[0] = (struct iovec) { &good, 16 };
		iov[1] = (struct iovec) { bad[i] + 10, sizeof(good.body) };
		REFUSED(writev(fd, iov, 2), EFAULT);
		if (i == PARTLY)
			continue;
		REFUSED(writev(fd, (struct iovec *)bad[i], 1), EFAULT);
		msg.msg_iov = (struct iovec *)bad[i];
		REFUSED(sendmsg(fd, &msg, 0), EFAULT);
		msg.msg_iov = iov;
		REFUSED(sendmsg(fd, (struct msghdr *)bad[i], 0), EFAULT);
		if (!i)
			continue;
		REFUSED(sendto(fd, &good, sizeof(good), 0, (struct sockaddr *)bad[i], 12),
			EFAULT);
	}
	iov[0] = (struct iovec) { &good, sizeof(good) };
	two[0].msg_hdr = two[1].msg_hdr = msg;
	two[1].msg_hdr.msg_iov = NULL;
	check(sendmmsg(fd, two, 2, 0) == 1 && two[0].msg_len == sizeof(good));
	check(sendmmsg(fd, two + 1, 0, 0) == 0);
	REFUSED(sendmmsg(fd, two + 1, 1, 0), EFAULT);
	REFUSED(writev(fd, iov, -1), EINVAL);
	REFUSED(writev(fd, iov, IOV_MAX + 1), EINVAL);
	msg.msg_iovlen = IOV_MAX + 1;
	REFUSED(sendmsg(fd, &msg, 0), EMSGSIZE);
	REFUSED(send(fd, &good, sizeof(good), MSG_OOB), EOPNOTSUPP);
	iov[0].iov_len = iov[1].iov_len = (size_t)SSIZE_MAX;
	REFUSED(writev(fd, iov, 2), EINVAL);
}

/* A verdict whose payload cannot be read, and requests longer than the send buffer. */
static void send_long(unsigned long id)
{
	struct old_request r = old_verdict_request(id, NF_ACCEPT, 100);
	struct old_request mode = old_mode_request(IPQ_COPY_PACKET, 0);
	struct iovec iov[2] = { { &r, sizeof(r) } };
	size_t large = 64 << 20;
	char *room = mmap(NULL, large, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	check(room != MAP_FAILED);
	memcpy(room, &mode, sizeof(mode));
	check(send(fd, room, 100000, 0) == 100000);
	for (int i = 0; i < BAD; i++) {
		iov[1] = (struct iovec) { bad[i], 100 };
		REFUSED(writev(fd, iov, 2), EFAULT);
	}
	REFUSED(send(fd, room, large, 0), EMSGSIZE);
	memcpy(room, &mode, sizeof(mode));
	REFUSED(send(fd, room, large, 0), EMSGSIZE);
	mode.nlh.nlmsg_flags = 0;
	memcpy(room, &mode, sizeof(mode));
	REFUSED(send(fd, room, large, 0), EMSGSIZE);
	r.nlh.nlmsg_len = large;
	memcpy(room, &r, sizeof(r));
	REFUSED(send(fd, room, large, 0), EMSGSIZE);
	check(!munmap(room, large));
}

static struct timespec no_times[] = { { 0, -5 }, { 0, 1000000000 }, { -1, 0 } };

/* With MSG_PEEK the message must remain; else it is lost, as with any socket. */
static void receive_all(int flags)
{
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	char byte[148];
	struct iovec iov[2] = { { byte, sizeof(byte) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 };
	struct mmsghdr one = { msg };

	for (int i = 0; i < BAD; i++) {
		REFUSED(recv(fd, bad[i], 1000, flags), EFAULT);
		REFUSED(recvfrom(fd, bad[i], 1000, flags, NULL, NULL), EFAULT);
		iov[0] = (struct iovec) { bad[i], 1000 };
		REFUSED(recvmsg(fd, &msg, flags), EFAULT);
		iov[0] = (struct iovec) { byte, 20 };
		iov[1] = (struct iovec) { bad[i], 1000 };
		msg.msg_iovlen = 2;
		REFUSED(recvmsg(fd, &msg, flags), EFAULT);
		msg.msg_iovlen = 1;
		if (i == PARTLY)
			continue;
		msg.msg_iov = (struct iovec *)bad[i];
		REFUSED(recvmsg(fd, &msg, flags), EFAULT);
		msg.msg_iov = iov;
		REFUSED(recvmsg(fd, (struct msghdr *)bad[i], flags), EFAULT);
		if (!i)
			continue;
		iov[0] = (struct iovec) { byte, sizeof(byte) };
		msg.msg_name = bad[i];
		msg.msg_namelen = 12;
		REFUSED(recvmsg(fd, &msg, flags), EFAULT);
		msg.msg_name = NULL;
		REFUSED(recvfrom(fd, byte, 20, flags, (struct sockaddr *)&from,
				 (socklen_t *)bad[i]), EFAULT);
		REFUSED(recvfrom(fd, byte, 20, flags, (struct sockaddr *)bad[i], &len),
			EFAULT);
	}
	REFUSED(recvfrom(fd, byte, 20, flags, (struct sockaddr *)&from, NULL), EFAULT);
#ifndef STATIC_I386	/* there glibc reads the time itself, to convert it */
	REFUSED(recvmmsg(fd, &one, 1, flags, (struct timespec *)bad[2]), EFAULT);
#endif
	for (int i = 0; i < 3; i++)
		REFUSED(recvmmsg(fd, &one, 1, flags, &no_times[i]), EINVAL);
	REFUSED(readv(fd, NULL, 1), EFAULT);
	REFUSED(readv(fd, iov, -1), EINVAL);
	msg.msg_iovlen = IOV_MAX + 1;
	REFUSED(recvmsg(fd, &msg, flags), EMSGSIZE);
}

int main(void)
{
	union old_message m;
	unsigned long id;

	old_limit();
	make_addresses();
	fd = old_ready(NETLINK_FIREWALL);
	send_all();
	check(recv(fd, &m, sizeof(m), MSG_DONTWAIT) == -1 && errno == EAGAIN);
	old_hello();
	check(recv(fd, &m, sizeof(m), MSG_PEEK) > 0);
	id = old_packet(&m, 1)->packet_id;
	send_long(id);
	receive_all(MSG_PEEK);
	check(old_read(fd, &m)->packet_id == id);
	old_accept(fd, id);
	say("done");
	return 0;
}
