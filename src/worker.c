/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a mover does with packets: it gives each the verdict NF_QUEUE, with the private
 * number of the handle of its family. Knows the handles (peers.h), and nothing of the
 * processes in which it runs. Makes system calls without the C library's functions, for
 * the reasons that mover.c names. */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>

#include "debug.h"
#include "peers.h"
#include "worker.h"

/* The number of messages received at once. */
#define BATCH 64

/* Whether a socket has the port ID. */
static bool is_used(uint32_t port_id)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK, .nl_pid = port_id };
	int fd = syscall(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	bool used;

	if (fd < 0)
		return true;
	used = syscall(SYS_bind, fd, &local, sizeof(local)) < 0;
	syscall(SYS_close, fd);
	return used;
}

/* Returns the handle of the family, or NULL. Handles without a socket lose their
 * claims. */
static struct peer *find_handle(const struct work *w, uint8_t family)
{
	struct peer *p = NULL;

	while ((p = peers_next_owner(p, family, w->network, w->first, w->last)) &&
	       !is_used(p->port_id))
		p->owner = OWNER_NOT;
	return p;
}

int worker_families(const struct work *w)
{
	return !!find_handle(w, AF_INET) + !!find_handle(w, AF_INET6);
}

/* How many times packets are received before the mover checks again that a handle exists,
 * as this needs system calls. claims_make detects handles that are gone as well. */
#define ASK_EVERY 64

/* Packets are queued again with the private number of their family's handle, or dropped
 * if there is none, as the module of the family did without a program. */
static uint32_t verdict_for(const struct work *w, uint8_t family, bool ask)
{
	static struct peer *known[2];
	struct peer *p = peers_next_owner(NULL, family, w->network, w->first, w->last);
	struct peer **before = &known[family == AF_INET6];

	if (ask || p != *before)
		p = find_handle(w, family);
	*before = p;
	return p && p->is_private ? NF_QUEUE_NR((uint32_t)p->number) : NF_DROP;
}

static void note_foreign(const struct work *w, uint16_t queue, uint8_t family)
{
	struct peer *p = peers_next_owner(NULL, family == AF_INET ? AF_INET6 : AF_INET,
					  w->network, w->first, w->last);

	if (!p)
		return;
	atomic_fetch_add_explicit(&p->foreign, 1, memory_order_relaxed);
	if (w->errors >= 0 && !atomic_exchange(&p->noticed, true))
		debug_foreign(queue, family);
}

/* A packet to be moved, with its id and queue number, and the verdict that moves it. */
struct moved {
	uint8_t family;
	uint16_t queue;
	uint32_t id, value;
};

/* The beginning of a packet's message, which has all that is needed: the kernel writes
 * this attribute first (nfqnl_build_packet_message). */
struct packet_message {
	struct nlmsghdr nlh;
	struct nfgenmsg nfgen;
	struct nlattr attr;
	struct nfqnl_msg_packet_hdr hdr;
} __attribute__((packed, aligned(4)));

struct verdict_message {
	struct nlmsghdr nlh;
	struct nfgenmsg nfgen;
	struct nlattr attr;
	struct nfqnl_msg_verdict_hdr hdr;
};

/* type is NFQNL_MSG_VERDICT, or NFQNL_MSG_VERDICT_BATCH: the verdict is on all packets of
 * the queue number up to this id which do not have one yet (nfqnl_recv_verdict_batch). */
static struct verdict_message verdict_on(const struct moved *p, int type)
{
	return (struct verdict_message) {
		.nlh = {
			.nlmsg_len = sizeof(struct verdict_message),
			.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | type,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.nfgen.res_id = htons(p->queue),
		.attr = {
			sizeof(struct nlattr) + sizeof(struct nfqnl_msg_verdict_hdr),
			NFQA_VERDICT_HDR,
		},
		.hdr = { htonl(p->value), htonl(p->id) },
	};
}

static bool is_packet(const struct packet_message *m, size_t len)
{
	return len == sizeof(*m) && m->attr.nla_type == NFQA_PACKET_HDR &&
	       m->nlh.nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET);
}

static void choose_values(const struct work *w, struct moved *packet, unsigned int n)
{
	static unsigned int lots;
	bool ask = lots++ % ASK_EVERY == 0;
	uint32_t ipv4 = verdict_for(w, AF_INET, ask), ipv6 = verdict_for(w, AF_INET6, ask);

	for (struct moved *p = packet; p < packet + n; p++) {
		p->value = p->family == AF_INET ? ipv4 : p->family == AF_INET6 ? ipv6 : NF_DROP;
		if (p->value == NF_DROP)
			note_foreign(w, p->queue, p->family);
	}
}

static bool goes_along(const struct moved *a, const struct moved *b)
{
	return a->family == b->family && a->queue == b->queue;
}

/* If fewer packets in a row are of one kind, each gets its own verdict, so that the
 * packets before and after them can get a common one. */
#define ROW_MIN 3

/* Writes the verdicts, and returns their number. Packets of one family that follow each
 * other get a common verdict, also if there are others between them that already have
 * verdicts of their own. The packets of each family keep their order. */
static unsigned int decide(const struct moved *packet, unsigned int n,
			   struct verdict_message *verdict)
{
	const struct moved *last = NULL;	/* of those without a common verdict yet */
	unsigned int end, count = 0;

	for (unsigned int i = 0; i < n; i = end) {
		bool changes = last && !goes_along(last, &packet[i]);

		for (end = i + 1; end < n && goes_along(&packet[i], &packet[end]); end++)
			;
		if (changes && end - i < ROW_MIN) {
			for (unsigned int k = i; k < end; k++)
				verdict[count++] = verdict_on(&packet[k], NFQNL_MSG_VERDICT);
			continue;
		}
		if (changes)
			verdict[count++] = verdict_on(last, NFQNL_MSG_VERDICT_BATCH);
		last = &packet[end - 1];
	}
	if (last)
		verdict[count++] = verdict_on(last, NFQNL_MSG_VERDICT_BATCH);
	return count;
}

/* The three verdicts together include every id (nfq_id_after). */
void worker_take_over(const struct work *w)
{
	static const uint32_t up_to[] = { 0x7fffffff, 0xffffffff, 0x7fffffff };

	for (unsigned int n = w->first; n <= w->last; n++)
		for (unsigned int i = 0; i < 3; i++) {
			struct moved all = {
				.queue = n,
				.id = up_to[i],
				.value = NF_QUEUE_NR(n),
			};
			struct verdict_message v = verdict_on(&all, NFQNL_MSG_VERDICT_BATCH);

			syscall(SYS_sendto, w->fd, &v, sizeof(v), 0, NULL, 0);
		}
}

/* Receives the packets that wait, or the next one. Returns their number, or -1 if the
 * socket cannot be used. */
static int receive(const struct work *w, struct mmsghdr *msgs, struct moved *packet)
{
	long n = syscall(SYS_recvmmsg, w->fd, msgs, BATCH, MSG_WAITFORONE, NULL);
	int count = 0;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN || errno == ENOBUFS ? 0 : -1;
	for (long i = 0; i < n; i++) {
		const struct packet_message *m = msgs[i].msg_hdr.msg_iov->iov_base;

		if (is_packet(m, msgs[i].msg_len))
			packet[count++] = (struct moved) {
				.family = m->nfgen.nfgen_family,
				.queue = ntohs(m->nfgen.res_id),
				.id = ntohl(m->hdr.packet_id),
			};
	}
	return count;
}

/* So many packets at once come from a flood. */
#define FLOOD_MIN 8

/* In a flood a process that was woken up does not interrupt the program, which goes on
 * deciding, so that more packets come and are moved together. At other times it does: the
 * processor may be busy with another program. A policy other than the default is kept. */
static void adapt_policy(int packets)
{
	static const struct sched_param none = { .sched_priority = 0 };
	static int policy = SCHED_OTHER;
	int next = packets >= FLOOD_MIN ? SCHED_BATCH : packets == 1 ? SCHED_OTHER : policy;

	if (next == policy)
		return;
	if (syscall(SYS_sched_getscheduler, 0) == policy)
		syscall(SYS_sched_setscheduler, 0, next, &none);
	policy = next;
}

void worker_run(const struct work *w)
{
	/* static, as the stack is that of the program's thread, which may be small */
	static struct packet_message message[BATCH];
	static struct verdict_message verdict[BATCH];
	static struct moved packet[BATCH];
	static struct iovec iov[BATCH];
	static struct mmsghdr msgs[BATCH];
	unsigned int verdicts;
	int n;

	for (unsigned int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec) { &message[i], sizeof(message[i]) };
		msgs[i].msg_hdr = (struct msghdr) { .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	while ((n = receive(w, msgs, packet)) >= 0) {
		adapt_policy(n);
		choose_values(w, packet, n);
		verdicts = decide(packet, n, verdict);
		if (verdicts)
			syscall(SYS_sendto, w->fd, verdict, verdicts * sizeof(*verdict), 0,
				NULL, 0);
	}
}
