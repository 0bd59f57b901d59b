/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of old-kernel.c that sends and receives: what older kernels understood of a
 * request, and what they answered. Knows nothing of versions. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "old-kernel.h"

#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894c
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif

static bool is_netlink(int fd)
{
	int domain = 0, saved = errno;
	socklen_t len = sizeof(domain);

	syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	errno = saved;
	return domain == AF_NETLINK;
}

static bool is_netfilter(int fd)
{
	int protocol = 0, saved = errno;
	socklen_t len = sizeof(protocol);

	if (!is_netlink(fd))
		return false;
	syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	errno = saved;
	return protocol == NETLINK_NETFILTER;
}

static bool is_capable(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0, 0, 0 } };
	int saved = errno;

	syscall(SYS_capget, &header, data);
	errno = saved;
	return data[0].effective & (1 << CAP_NET_ADMIN);
}

/* The attribute's value in a message of len bytes, at least size of them. */
static void *value_of(struct nlmsghdr *nlh, size_t len, int type, size_t size)
{
	size_t at = NLMSG_LENGTH(sizeof(struct nfgenmsg));

	if (len > nlh->nlmsg_len)
		len = nlh->nlmsg_len;
	while (at + sizeof(struct nlattr) <= len) {
		struct nlattr *attr = (void *)((char *)nlh + at);

		if (attr->nla_len < sizeof(*attr))
			break;
		if (attr->nla_type == type && attr->nla_len >= sizeof(*attr) + size &&
		    at + sizeof(*attr) + size <= len)
			return attr + 1;
		at += NLA_ALIGN(attr->nla_len);
	}
	return NULL;
}

static bool is_of_queue(const struct nlmsghdr *nlh, int type)
{
	return nlh->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nfgenmsg)) &&
	       nlh->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | type);
}

static uint16_t queue_of(const struct nlmsghdr *nlh)
{
	return ntohs(((struct nfgenmsg *)NLMSG_DATA(nlh))->res_id);
}

/* nf_register_queue_handler: for each family once, and the second time EEXIST. The
 * kernel is sent what it is sure to refuse, so that there is an answer to change. */
static void bind_family(struct nlmsghdr *nlh, const struct nfqnl_msg_config_cmd *cmd)
{
	uint16_t family = ntohs(cmd->pf);

	if (cmd->command != NFQNL_CFG_CMD_PF_BIND || family > AF_INET6)
		return;
	if (kernel->bound[family])
		nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT_BATCH;
	else if (is_capable())
		kernel->bound[family] = true;
}

static void change_config(struct nlmsghdr *nlh)
{
	size_t len = nlh->nlmsg_len;
	struct nfqnl_msg_config_params *params;
	struct nfqnl_msg_config_cmd *cmd;
	uint32_t *flags, *mask;

	cmd = value_of(nlh, len, NFQA_CFG_CMD, sizeof(*cmd));
	params = value_of(nlh, len, NFQA_CFG_PARAMS, sizeof(*params));
	flags = value_of(nlh, len, NFQA_CFG_FLAGS, sizeof(*flags));
	mask = value_of(nlh, len, NFQA_CFG_MASK, sizeof(*mask));
	if (cmd && active[FAMILIES_BOUND])
		bind_family(nlh, cmd);
	if (params) {
		kernel->range_0[queue_of(nlh)] = params->copy_mode == NFQNL_COPY_PACKET &&
						 !params->copy_range;
		/* no handler: nf_queue drops what comes */
		if (active[FAMILIES_BOUND] &&
		    !(kernel->bound[AF_INET] && kernel->bound[AF_INET6]))
			params->copy_mode = NFQNL_COPY_NONE;
	}
	if (flags && mask && active[NO_FLAGS])
		((struct nlattr *)flags)[-1].nla_type = ((struct nlattr *)mask)[-1].nla_type =
			0x1fff;
	else if (flags && mask && active[NO_GSO] && (*flags & htonl(NFQA_CFG_F_GSO)))
		*flags = *mask = htonl(1u << 31);
}

static bool changes_messages(void)
{
	return active[NO_FLAGS] || active[FAMILIES_BOUND] || active[NO_GSO] ||
	       active[RANGE_0] || active[EACH_ANSWERED] || active[VALUE_FIRST];
}

/* In pieces where the kernel answers each: nfnetlink_rcv_msg had looked at the
 * capability of every message, nfnetlink_rcv looks once. */
static ssize_t send_changed(int fd, char *data, size_t len, int flags,
			    const struct sockaddr *to, socklen_t to_len)
{
	bool in_pieces = active[EACH_ANSWERED] && !is_capable();
	size_t at = 0, next;
	ssize_t n = 0;

	for (; n >= 0 && len - at >= NLMSG_HDRLEN; at = next) {
		struct nlmsghdr *nlh = (void *)(data + at);

		next = at + NLMSG_ALIGN(nlh->nlmsg_len);
		if (nlh->nlmsg_len < NLMSG_HDRLEN || next > len)
			next = len;
		else if (is_of_queue(nlh, NFQNL_MSG_CONFIG))
			change_config(nlh);
		if (in_pieces)
			n = syscall(SYS_sendto, fd, data + at, next - at, flags, to, to_len);
	}
	if (!in_pieces || len < NLMSG_HDRLEN)
		n = syscall(SYS_sendto, fd, data, len, flags, to, to_len);
	return n < 0 ? n : (ssize_t)len;
}

static size_t length_of(const struct iovec *iov, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += iov[i].iov_len;
	return len;
}

/* Copies up to len bytes out of the pieces, or into them. */
static size_t copy(const struct iovec *iov, size_t n, char *data, size_t len, bool out)
{
	size_t done = 0;

	for (size_t i = 0; i < n && done < len; i++) {
		size_t some = iov[i].iov_len < len - done ? iov[i].iov_len : len - done;

		if (out)
			memcpy(data + done, iov[i].iov_base, some);
		else
			memcpy(iov[i].iov_base, data + done, some);
		done += some;
	}
	return done;
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	_Alignas(struct nlmsghdr) char some[4096];
	size_t len = msg ? length_of(msg->msg_iov, msg->msg_iovlen) : 0;
	char *data = some;
	ssize_t n;

	if (!len || !changes_messages() || !is_netfilter(fd))
		return syscall(SYS_sendmsg, fd, msg, flags);
	if (len > sizeof(some))
		data = malloc(len);
	if (!data)
		return fail(ENOMEM);
	copy(msg->msg_iov, msg->msg_iovlen, data, len, true);
	n = send_changed(fd, data, len, flags, msg->msg_name, msg->msg_namelen);
	if (data != some)
		free(data);
	return n;
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	struct iovec iov = { (void *)buf, len };
	struct msghdr msg = { (void *)to, to_len, &iov, 1, NULL, 0, 0 };

	if (!changes_messages() || !is_netfilter(fd))
		return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
	return sendmsg(fd, &msg, flags);
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return sendto(fd, buf, len, flags, NULL, 0);
}

/* An old kernel looked at the value, and then for the packet, whoever asked: EPERM was
 * for VERDICT_BATCH alone (nfqnl_recv_verdict before verdict_instance_lookup). */
static int old_error(struct nlmsghdr *echo, size_t len, int error)
{
	struct nfqnl_msg_verdict_hdr *hdr;
	struct nfqnl_msg_config_cmd *cmd;
	unsigned int value;

	if (error == -EPERM && !is_capable())
		return error;
	if (active[VALUE_FIRST] && error == -EPERM && is_of_queue(echo, NFQNL_MSG_VERDICT)) {
		hdr = value_of(echo, len, NFQA_VERDICT_HDR, sizeof(*hdr));
		value = hdr ? ntohl(hdr->verdict) & 0xff : 0xff;
		return value > 5 || value == 2 ? -EINVAL : -ENOENT;
	}
	if (active[FAMILIES_BOUND] && is_of_queue(echo, NFQNL_MSG_VERDICT_BATCH) &&
	    !value_of(echo, len, NFQA_VERDICT_HDR, sizeof(*hdr))) {
		cmd = value_of(echo, len, NFQA_CFG_CMD, sizeof(*cmd));
		if (cmd && cmd->command == NFQNL_CFG_CMD_PF_BIND) {
			echo->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG;
			return -EEXIST;
		}
	}
	return error;
}

static void change_answer(const struct iovec *iov, size_t n, size_t len)
{
	static const size_t echo = NLMSG_LENGTH(sizeof(int));
	union {
		struct nlmsghdr nlh;
		char data[256];
	} u;
	int *error = NLMSG_DATA(&u.nlh);

	len = copy(iov, n, u.data, len < sizeof(u) ? len : sizeof(u), true);
	if (len < echo + NLMSG_HDRLEN || u.nlh.nlmsg_type != NLMSG_ERROR || *error >= 0)
		return;
	*error = old_error((struct nlmsghdr *)(u.data + echo), len - echo, *error);
	copy(iov, n, u.data, len, false);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t n = syscall(SYS_recvmsg, fd, msg, flags);

	if (n > 0 && changes_messages() && is_netfilter(fd))
		change_answer(msg->msg_iov, msg->msg_iovlen, n);
	return n;
}

ssize_t recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *from,
		 socklen_t *from_len)
{
	struct iovec iov = { buf, len };
	ssize_t n = syscall(SYS_recvfrom, fd, buf, len, flags, from, from_len);

	if (n > 0 && len && changes_messages() && is_netfilter(fd))
		change_answer(&iov, 1, n);
	return n;
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	return recvfrom(fd, buf, len, flags, NULL, NULL);
}

int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
	     struct timespec *timeout)
{
	int n = syscall(SYS_recvmmsg, fd, msgs, count, flags, timeout);

	for (int i = 0; i < n && changes_messages() && is_netfilter(fd); i++)
		change_answer(msgs[i].msg_hdr.msg_iov, msgs[i].msg_hdr.msg_iovlen,
			      msgs[i].msg_len);
	return n;
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	if (active[NO_COOKIE] && level == SOL_SOCKET && name == SO_NETNS_COOKIE)
		return fail(ENOPROTOOPT);
	return syscall(SYS_getsockopt, fd, level, name, value, len);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (active[NO_NAMESPACE] && request == SIOCGSKNS)
		return fail(EOPNOTSUPP);
	if (active[NO_ADDFD_SEND] && request == SECCOMP_IOCTL_NOTIF_ADDFD &&
	    ((struct seccomp_notif_addfd *)arg)->flags & SECCOMP_ADDFD_FLAG_SEND)
		return fail(EINVAL);
	if (active[NO_NAMES] && request >> 8 == 0x89 && is_netlink(fd))
		return fail(EOPNOTSUPP);
	return syscall(SYS_ioctl, fd, request, arg);
}
