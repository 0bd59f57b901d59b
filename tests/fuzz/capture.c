/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded by capture.sh. Writes the datagrams of netfilter's netlink sockets to files:
 * those received from the kernel to the directory KERNEL_SAID, those sent to
 * PROGRAM_SAID, among them the old protocol's, and the payload of packets to PACKETS
 * (environment variables). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_netfilter(int fd)
{
	int domain, protocol;
	socklen_t len = sizeof(int);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) &&
	       domain == AF_NETLINK &&
	       !getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) &&
	       (protocol == NETLINK_NETFILTER || protocol == 3 || protocol == 13);
}

/* Writes the bytes to a file named after their hash. They are preceded by
 * zeros NUL bytes. */
static void save(const char *variable, size_t zeros, const void *bytes, size_t len)
{
	const char *dir = getenv(variable);
	uint64_t hash = 14695981039346656037u;
	char path[4096];
	int fd, error = errno;

	if (!dir || !len)
		return;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
	snprintf(path, sizeof(path), "%s/%016llx", dir, (unsigned long long)hash);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd >= 0) {
		if (NEXT(write)(fd, "\0", zeros) < 0 || NEXT(write)(fd, bytes, len) < 0)
			perror(path);
		close(fd);
	}
	errno = error;
}

static void save_packet(const char *bytes, size_t len)
{
	size_t at = sizeof(struct nlmsghdr) + 4;
	struct nlattr attr;

	for (; at + sizeof(attr) <= len; at += NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, bytes + at, sizeof(attr));
		if (attr.nla_len < sizeof(attr) || attr.nla_len > len - at)
			return;
		if (attr.nla_type == NFQA_PAYLOAD)
			save("PACKETS", 0, bytes + at + sizeof(attr),
			     attr.nla_len - sizeof(attr));
	}
}

static size_t gather(const struct iovec *iov, size_t count, size_t len, char *all)
{
	size_t n = 0;

	for (size_t i = 0; i < count && n < len; i++) {
		size_t part = iov[i].iov_len < len - n ? iov[i].iov_len : len - n;

		memcpy(all + n, iov[i].iov_base, part);
		n += part;
	}
	return n;
}

static void received(int fd, const struct iovec *iov, size_t count, ssize_t len)
{
	static _Thread_local char all[1 << 17];
	struct nlmsghdr nlh;
	size_t n;

	if (len < (ssize_t)sizeof(nlh) || len > (ssize_t)sizeof(all) || !is_netfilter(fd))
		return;
	n = gather(iov, count, len, all);
	memcpy(&nlh, all, sizeof(nlh));
	/* the first byte, 0, tells the fuzz harness that the message is in one piece */
	save("KERNEL_SAID", 1, all, n);
	if (nlh.nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		save_packet(all, n);
}

static void sent(int fd, const struct iovec *iov, size_t count, ssize_t len)
{
	static _Thread_local char all[1 << 17];

	if (len > 0 && len <= (ssize_t)sizeof(all) && is_netfilter(fd))
		save("PROGRAM_SAID", 0, all, gather(iov, count, len, all));
}

ssize_t recv(int fd, void *buf, size_t size, int flags)
{
	ssize_t len = NEXT(recv)(fd, buf, size, flags);

	received(fd, &(struct iovec){ buf, size }, 1, len);
	return len;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t len = NEXT(recvmsg)(fd, msg, flags);

	received(fd, msg->msg_iov, msg->msg_iovlen, len);
	return len;
}

int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
	     struct timespec *timeout)
{
	int got = NEXT(recvmmsg)(fd, msgs, count, flags, timeout);

	for (int i = 0; i < got; i++)
		received(fd, msgs[i].msg_hdr.msg_iov, msgs[i].msg_hdr.msg_iovlen,
			 msgs[i].msg_len);
	return got;
}

ssize_t send(int fd, const void *buf, size_t size, int flags)
{
	sent(fd, &(struct iovec){ (void *)buf, size }, 1, size);
	return NEXT(send)(fd, buf, size, flags);
}

ssize_t sendto(int fd, const void *buf, size_t size, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	sent(fd, &(struct iovec){ (void *)buf, size }, 1, size);
	return NEXT(sendto)(fd, buf, size, flags, to, to_len);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	size_t size = 0;

	for (size_t i = 0; i < msg->msg_iovlen; i++)
		size += msg->msg_iov[i].iov_len;
	sent(fd, msg->msg_iov, msg->msg_iovlen, size);
	return NEXT(sendmsg)(fd, msg, flags);
}

ssize_t write(int fd, const void *buf, size_t size)
{
	sent(fd, &(struct iovec){ (void *)buf, size }, 1, size);
	return NEXT(write)(fd, buf, size);
}
