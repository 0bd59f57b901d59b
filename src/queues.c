/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the kernel about queue numbers: whether they are bound and by which socket, and what
 * waits there. Uses sockets of its own. Knows nothing of handles. */
#include <errno.h>
#include <stdio.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "queues.h"
#include "translate.h"

/* Returns the error in the next answer, and sets seq to the sequence number of the
 * request that it answers. Returns EAGAIN if there is none: the kernel answers during the
 * send (netlink_unicast_kernel), so there is nothing to wait for. */
static int answer(int fd, uint32_t *seq)
{
	union {
		struct nlmsghdr nlh;
		char buf[256];
	} u;
	ssize_t n = recv(fd, &u, sizeof(u), MSG_DONTWAIT);

	if (n < (ssize_t)mnl_nlmsg_size(sizeof(struct nlmsgerr)))
		return EAGAIN;
	*seq = u.nlh.nlmsg_seq;
	return -((struct nlmsgerr *)mnl_nlmsg_get_payload(&u.nlh))->error;
}

#define SEQ_OF_VERDICT 1

static size_t put_command(char *buf, uint16_t family, uint8_t command, uint16_t flags)
{
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, 0);

	nlh->nlmsg_flags |= flags;
	nfq_nlmsg_cfg_put_cmd(nlh, family, command);
	return nlh->nlmsg_len;
}

/*
 * Writes the requests of queues_probe. The first is a command without effect, whose
 * answer tells whether the capability and the module are there. The next two are what
 * Linux before 3.8 needs, once for each family, to queue any packets
 * (nf_register_queue_handler, which returns EEXIST the second time); since then they have
 * no effect. The last is an impossible verdict. Its answer is ENODEV if no socket has
 * bound the queue number, and EPERM if another one has. It is a VERDICT_BATCH, as Linux
 * up to 3.18 checked the value of a VERDICT before its sender, and returned EINVAL.
 */
static size_t put_questions(char *buf, uint16_t queue)
{
	size_t len = put_command(buf, AF_UNSPEC, NFQNL_CFG_CMD_PF_UNBIND, NLM_F_ACK);
	struct nlmsghdr *verdict;

	len += put_command(buf + len, AF_INET, NFQNL_CFG_CMD_PF_BIND, 0);
	len += put_command(buf + len, AF_INET6, NFQNL_CFG_CMD_PF_BIND, 0);
	verdict = nfq_nlmsg_put(buf + len, NFQNL_MSG_VERDICT_BATCH, queue);
	verdict->nlmsg_seq = SEQ_OF_VERDICT;
	nfq_nlmsg_verdict_put(verdict, 0, IMPOSSIBLE_VERDICT);
	return len + verdict->nlmsg_len;
}

static enum queue_state state_by_answers(int fd)
{
	uint32_t seq = 0;
	int error;

	switch (answer(fd, &seq)) {
	case 0:
		break;
	case EPERM:
		return QUEUE_FORBIDDEN;
	case EINVAL:
		return QUEUE_ABSENT;
	default:
		return QUEUE_FREE;
	}
	do
		error = answer(fd, &seq);
	while (error != EAGAIN && seq != SEQ_OF_VERDICT);
	return error == EPERM ? QUEUE_TAKEN : QUEUE_FREE;
}

enum queue_state queues_probe(uint16_t queue)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	enum queue_state state = QUEUE_FREE;

	if (!nl)
		return state;
	if (mnl_socket_sendto(nl, buf, put_questions(buf, queue)) > 0)
		state = state_by_answers(mnl_socket_get_fd(nl));
	mnl_socket_close(nl);
	return state;
}

bool queues_open(struct proc_file *list)
{
	return proc_net_open(list, "netfilter/nfnetlink_queue");
}

bool queues_next(struct proc_file *list, struct queue_line *l)
{
	char text[256];

	while (proc_file_line(list, text, sizeof(text)))
		if (sscanf(text, "%u %u %u %u %u %u %u", &l->number, &l->port_id, &l->waiting,
			   &l->mode, &l->range, &l->dropped_full, &l->dropped_slow) == 7)
			return true;
	return false;
}

/* Finds the line of the queue number or, if port_id is not 0, the first line of this port
 * ID whose queue number is not lower. */
static bool find_line(uint16_t queue, uint32_t port_id, struct queue_line *l)
{
	struct proc_file list;
	bool found = false;

	if (!queues_open(&list))
		return false;
	while (!found && queues_next(&list, l))
		found = port_id ? l->port_id == port_id && l->number >= queue :
				  l->number == queue;
	proc_file_close(&list);
	return found;
}

bool queues_find(uint16_t queue, struct queue_line *l)
{
	return find_line(queue, 0, l);
}

unsigned int queues_waiting(uint16_t queue)
{
	struct queue_line l;

	return find_line(queue, 0, &l) ? l.waiting : 0;
}

uint32_t queues_owner(uint16_t queue)
{
	struct queue_line l;

	return find_line(queue, 0, &l) ? l.port_id : 0;
}

uint16_t queues_number_of(uint32_t port_id, uint16_t lowest)
{
	struct queue_line l;

	return find_line(lowest, port_id, &l) ? l.number : 0;
}
