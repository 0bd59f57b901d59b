/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the library offers and this kernel is too old for, by what the kernel answers.
 * Knows nothing of rules. */
#include <errno.h>
#include <stdint.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "kernel.h"
#include "syscalls.h"

/* No kernel has a flag of this number: one that knows of flags refuses it. */
#define FLAG_UNKNOWN (1U << 31)

/* Sends a request about queue 0. Returns 0, or what the kernel answers, as errno. */
static int ask(struct mnl_socket *nl, struct nlmsghdr *nlh)
{
	_Alignas(struct nlmsghdr) char answer[1024];
	ssize_t n;

	nlh->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return errno;
	n = mnl_socket_recvfrom(nl, answer, sizeof(answer));
	if (n < 0 || mnl_cb_run(answer, n, 0, mnl_socket_get_portid(nl), NULL, NULL) < 0)
		return errno;
	return 0;
}

static int ask_to_bind(struct mnl_socket *nl)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, 0);

	nfq_nlmsg_cfg_put_cmd(nlh, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
	return ask(nl, nlh);
}

static int ask_for_flag(struct mnl_socket *nl, uint32_t flag)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, 0);

	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(flag));
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(flag));
	return ask(nl, nlh);
}

/* Before Linux 3.6 the attribute was passed over, so any flag seems to be accepted. */
static void ask_for_flags(struct mnl_socket *nl, struct lacking *l)
{
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) || ask_to_bind(nl))
		return;
	l->fail_open = !ask_for_flag(nl, FLAG_UNKNOWN);
	l->gso = l->fail_open || ask_for_flag(nl, NFQA_CFG_F_GSO) == EOPNOTSUPP;
}

struct lacking kernel_lacks(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	struct lacking l = { .fail_open = false };

	if (nl) {
		ask_for_flags(nl, &l);
		mnl_socket_close(nl);
	}
	l.supervision = syscall(SYS_pidfd_getfd, -1, -1, 0) && errno == ENOSYS;
	return l;
}

void kernel_report(struct report *r, const struct lacking *l)
{
	if (l->fail_open)
		REPORT(r, NOTE, "no-fail-open", "LIBIPQ_FAIL_OPEN has no effect",
		       "this kernel is older than Linux 3.6: packets that do not fit in a "
		       "full queue are dropped");
	if (l->gso)
		REPORT(r, NOTE, "no-gso", "LIBIPQ_GSO has no effect, and all network "
		       "namespaces share the queue numbers",
		       "this kernel is older than Linux 3.10",
		       "give programs in different namespaces different numbers "
		       "(LIBIPQ_QUEUE)");
	if (l->supervision)
		REPORT(r, NOTE, "no-supervision",
		       "ipq-run cannot serve statically linked programs",
		       "pidfd_getfd(2) is missing: this kernel is older than Linux 5.6, or a "
		       "container's seccomp profile hides it",
		       "link them dynamically");
}
