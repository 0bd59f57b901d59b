/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queue numbers that both families of a program share: a mover (mover.h) gets them, and each
 * handle has a private number. Knows nothing of how a handle claims a number, nor of
 * messages to the program. */
#include <errno.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "batch.h"
#include "door.h"
#include "inherited.h"
#include "mover.h"
#include "nfqueue.h"
#include "port_id.h"
#include "queues.h"
#include "sharing.h"
#include "take.h"

/* Carried by messages that the program has not asked for: if the kernel refuses one, the
 * program does not read the refusal. */
static const struct request unasked;

static uint8_t other_family(uint8_t family)
{
	return family == AF_INET ? AF_INET6 : AF_INET;
}

struct peer *sharing_find(const struct peer *p)
{
	return peers_find_owner(other_family(p->family), p->network, p->first, p->last);
}

static void send_mode(int fd, uint16_t queue, uint8_t mode, size_t range)
{
	struct request r = { .body.msg.mode = { .value = mode, .range = range } };
	struct kernel_request out;

	kernel_request_init(&out);
	translate_mode(&out, &r, REFUSAL_IS_EPERM, queue);
	nfqueue_send(fd, &out);
}

/* Finds a free private number. The search begins at a number that depends on the port ID,
 * so that two processes seldom try the same numbers. */
bool sharing_find_private(const struct peer *p, uint16_t *queue)
{
	for (unsigned int i = 0; i < PEERS_PRIVATE_NUMBERS; i++) {
		*queue = UINT16_MAX - (p->port_id + i) % PEERS_PRIVATE_NUMBERS;
		if (queues_probe(*queue) == QUEUE_FREE)
			return true;
	}
	return false;
}

/* The length of a mover's queues, in which packets hardly wait. */
#define MOVER_MAXLEN 65536

/* With this flag the mover gets packets whole; the queue to which it moves them has them
 * segmented if its owner did not ask for the flag. */
#define MOVER_FLAGS NFQA_CFG_F_GSO

/* Starts a mover for the numbers of p, unless another socket has bound them. */
static bool start_mover(const struct peer *p)
{
	struct kernel_request out;
	int fd = mover_open();
	bool started;

	if (fd < 0)
		return false;
	for (unsigned int n = p->first; n <= p->last; n++) {
		kernel_request_init(&out);
		translate_claim(&out, &unasked, n, MOVER_MAXLEN, p->flags | MOVER_FLAGS);
		nfqueue_send(fd, &out);
	}
	/* no packet arrives before a mode is set, so a message is a refusal */
	started = !nfqueue_has_message(fd) && mover_start(p, fd);
	for (unsigned int n = p->first; started && n <= p->last; n++)
		send_mode(fd, n, IPQ_COPY_META, 0);
	close(fd);
	return started;
}

static void put_requeue(struct kernel_request *out, uint16_t from, uint32_t id,
			bool all_before, uint16_t to)
{
	struct verdict v = {
		.id = id,
		.value = NF_QUEUE_NR((uint32_t)to),
		.all_before = all_before,
	};

	translate_verdict(out, &unasked, REFUSAL_IS_EPERM, from, &v);
}

/* After this number of ids the program is assumed to have no more packets. */
#define TRIES_MAX 512

/*
 * Packets that the program has read and that have no verdict yet get new ids when they
 * are queued again. So they are moved first, one by one, and the id by which the program
 * knows each is noted: ids from that of the last packet read downwards are tried, until
 * /proc/net/netfilter/nfnetlink_queue shows that none is left. A program that may not
 * read that file reads these packets a second time.
 */
static void move_undecided(struct peer *p, int fd, uint16_t to)
{
	uint32_t id = p->last_given, found = 0;
	struct kernel_request out;

	for (int tries = 0; tries < TRIES_MAX && id && found < PEER_OLD_MAX &&
	     queues_waiting(p->first); tries++, id--) {
		kernel_request_init(&out);
		put_requeue(&out, p->first, id, false, to);
		nfqueue_send(fd, &out);
		if (queues_waiting(to) > found)
			p->old[found++] = id;
	}
	p->old_count = found;
}

/* Moves the packets of all possible ids, which wrap around (nfq_id_after), and unbinds
 * the number. In one datagram, so that no packet arrives in between. */
static void move_all(int fd, uint16_t from, uint16_t to)
{
	struct kernel_request out;

	kernel_request_init(&out);
	put_requeue(&out, from, 0x7fffffff, true, to);
	put_requeue(&out, from, 0xffffffff, true, to);
	put_requeue(&out, from, 0x7fffffff, true, to);
	translate_unbind(&out, &unasked, from);
	nfqueue_send(fd, &out);
}

/* Binds a number and sets its mode in one datagram. */
static void bind_number(int fd, uint16_t queue, uint32_t maxlen, uint32_t flags, uint8_t mode,
			size_t range)
{
	struct request r = { .body.msg.mode = { .value = mode, .range = range } };
	struct kernel_request out;

	kernel_request_init(&out);
	translate_claim(&out, &unasked, queue, maxlen, flags);
	translate_mode(&out, &r, REFUSAL_IS_EPERM, queue);
	nfqueue_send(fd, &out);
}

/* The kernel drops packets that arrive after the number is unbound and before the mover
 * has bound it. Packets of the other family that wait in the queue are dropped later
 * (take_refuse): they arrived when the program had no handle for them. */
static void hand_over(struct peer *p, int fd, int mover, uint16_t to)
{
	bind_number(fd, to, p->maxlen, p->flags,
		    p->mode == IPQ_COPY_NONE ? IPQ_COPY_PACKET : p->mode, p->range);
	batch_flush(p, fd);
	if (p->ids != IDS_WITH_QUEUE)
		move_undecided(p, fd, to);
	p->has_stale = true;
	peers_set_private(p, to);
	if (p->last_given)
		p->ids = IDS_MOVED;
	for (unsigned int n = p->first; n <= p->last; n++) {
		move_all(fd, n, to);
		bind_number(mover, n, MOVER_MAXLEN, p->flags | MOVER_FLAGS, IPQ_COPY_META, 0);
	}
	send_mode(fd, to, p->mode, p->range);
	take_mark_stale(p, fd);
}

bool sharing_give_up(struct peer *p, int fd)
{
	bool started;
	uint16_t to;
	int mover;

	if (!sharing_find_private(p, &to))
		return false;
	mover = mover_open();
	if (mover < 0)
		return false;
	started = mover_start(p, mover);
	if (started)
		hand_over(p, fd, mover, to);
	close(mover);
	return started;
}

void sharing_set_mode(struct peer *p, int fd)
{
	int saved = errno;

	if (p->is_private)
		start_mover(p);
	for (unsigned int n = p->first + 1; !p->is_private && n <= p->last; n++)
		send_mode(fd, n, p->mode, p->range);
	errno = saved;
}

bool sharing_begin(const struct peer *p)
{
	struct peer *other = peers_find_open(other_family(p->family), p->network, p->first,
					     p->last);

	return other && start_mover(p);
}

void sharing_keep(const struct peer *p)
{
	door_knock(p->door);
	start_mover(p);
}

void sharing_recover(const struct peer *p)
{
	struct peer *other;

	if (queues_probe(p->first) != QUEUE_FREE)
		return;
	other = inherited_find(p, port_id_of(other_family(p->family), getpid(), 0));
	if (other && other->is_private)
		start_mover(other);
}

void sharing_end(struct peer *p)
{
	if (!p->is_private || !peers_is_gone(p))
		return;
	p->owner = OWNER_NOT;
	if (!sharing_find(p))
		door_knock(p->door);
}
