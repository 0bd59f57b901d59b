/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which socket owns which queue number. A socket claims its numbers with its first
 * request, and gives them up to a mover (mover.h) when the handle of the program's other
 * family wants the same numbers. Knows nothing of messages to the program. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "claims.h"
#include "debug.h"
#include "door.h"
#include "inherited.h"
#include "mover.h"
#include "nfqueue.h"
#include "port_id.h"
#include "queues.h"
#include "take.h"

/* Carried by messages that the program has not asked for: if the kernel refuses one, the
 * program does not read the refusal. */
static const struct request unasked;

static uint8_t other_family(uint8_t family)
{
	return family == AF_INET ? AF_INET6 : AF_INET;
}

static struct peer *find_sharer(const struct peer *p)
{
	return peers_find_owner(other_family(p->family), p->network, p->first, p->last);
}

static void bind_number(struct peer *p, int fd, uint16_t queue,
			const struct request *r)
{
	struct kernel_request out;

	kernel_request_init(&out);
	translate_claim(&out, r, queue, p->maxlen, p->flags);
	nfqueue_send(fd, &out);
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
static bool find_private(const struct peer *p, uint16_t *queue)
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

/* With NFQA_CFG_F_GSO the mover gets packets whole; the queue to which it moves them has
 * them segmented if its owner did not ask for that flag. */
static void put_mover_claim(struct kernel_request *out, const struct peer *p, uint16_t queue)
{
	translate_claim(out, &unasked, queue, MOVER_MAXLEN, p->flags | NFQA_CFG_F_GSO);
}

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
		put_mover_claim(&out, p, n);
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

static void take_over(const struct peer *p, int fd, uint16_t queue)
{
	struct request r = { .body.msg.mode.value = IPQ_COPY_META };
	struct kernel_request out;

	kernel_request_init(&out);
	put_mover_claim(&out, p, queue);
	translate_mode(&out, &r, REFUSAL_IS_EPERM, queue);
	nfqueue_send(fd, &out);
}

/* The kernel drops packets that arrive after the number is unbound and before the mover
 * has bound it. Packets of the other family that wait in the queue are dropped later
 * (take_refuse): they arrived when the program had no handle for them. */
static void hand_over(struct peer *p, int fd, int mover, uint16_t to)
{
	bind_number(p, fd, to, &unasked);
	send_mode(fd, to, p->mode == IPQ_COPY_NONE ? IPQ_COPY_PACKET : p->mode, p->range);
	batch_flush(p, fd);
	if (p->ids != IDS_WITH_QUEUE)
		move_undecided(p, fd, to);
	p->has_stale = true;
	peers_set_private(p, to);
	if (p->last_given)
		p->ids = IDS_MOVED;
	for (unsigned int n = p->first; n <= p->last; n++) {
		move_all(fd, n, to);
		take_over(p, mover, n);
	}
	send_mode(fd, to, p->mode, p->range);
	take_mark_stale(p, fd);
}

bool claims_give_up(struct peer *p, int fd)
{
	bool started;
	uint16_t to;
	int mover;

	if (!find_private(p, &to))
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

void claims_set_mode(struct peer *p, int fd)
{
	int saved = errno;

	if (p->is_private)
		start_mover(p);
	for (unsigned int n = p->first + 1; !p->is_private && n <= p->last; n++)
		send_mode(fd, n, p->mode, p->range);
	errno = saved;
}

void claims_recover(const struct peer *p)
{
	struct peer *other;

	if (queues_probe(p->first) != QUEUE_FREE)
		return;
	other = inherited_find(p, port_id_of(other_family(p->family), getpid(), 0));
	if (other && other->is_private)
		start_mover(other);
}

void claims_end(struct peer *p)
{
	if (!p->is_private || !peers_is_gone(p))
		return;
	p->owner = OWNER_NOT;
	if (!find_sharer(p))
		door_knock(p->door);
}

enum standing { OURS, FREE, SHARED, REFUSED, FORBIDDEN };

/* Whether a queue number that another socket has bound belongs to a mover of this
 * program, or does so now because the handle of the other family has given it up. */
static bool is_shared(const struct peer *p, uint16_t queue, uint32_t owner)
{
	struct peer *sharer = find_sharer(p);
	pid_t process;

	if (!sharer && owner)
		sharer = inherited_find(p, owner);
	if (!sharer || queue < sharer->first || queue > sharer->last)
		return false;
	if (sharer->is_private)
		return !owner || port_id_is_movers(owner, &process);
	return (!owner || owner == sharer->port_id) && peers_reachable(sharer) &&
	       claims_give_up(sharer, peers_descriptor(sharer));
}

/* How often a mover is asked to exit, and the pause between two attempts in ms. */
#define KNOCKS_MAX 5
#define KNOCKS_PAUSE 20

/* Whether the number is free after all: the mover of a program that was killed may not
 * have noticed yet, or is about to exit. */
static bool is_freed(uint16_t queue)
{
	uint32_t owner;
	pid_t process;

	for (int knocks = 0; knocks < KNOCKS_MAX; knocks++) {
		door_knock(queue);
		if (queues_probe(queue) == QUEUE_FREE)
			return true;
		/* ask again: the mover's other process may have taken its place */
		owner = queues_owner(queue);
		if (owner && !port_id_is_movers(owner, &process))
			break;
		poll(NULL, 0, KNOCKS_PAUSE);
	}
	return false;
}

static enum standing standing_of_taken(struct ip_queue *q, int fd, uint16_t queue)
{
	uint32_t owner = queues_owner(queue);

	/* a forked process, or the program before execve(2), may have claimed it by this
	 * socket */
	if (owner == nfqueue_port_id(fd))
		return OURS;
	if (is_shared(q->peer, queue, owner))
		return SHARED;
	if (is_freed(queue))
		return FREE;
	if (q->settings.debug)
		debug_taken(queue, q->family);
	return REFUSED;
}

static enum standing standing_of(struct ip_queue *q, int fd, uint16_t queue)
{
	enum queue_state state = queues_probe(queue);

	if (state == QUEUE_ABSENT)
		return REFUSED;
	/* a probe in another network namespace: leave the answer to the kernel */
	if (state == QUEUE_FREE || !nfqueue_is_here(q->peer->network))
		return FREE;
	if (state == QUEUE_TAKEN)
		return standing_of_taken(q, fd, queue);
	if (q->settings.debug)
		debug_forbidden(queue);
	return FORBIDDEN;
}

/* All numbers of a range must have the same standing. */
static enum standing standing_of_all(struct ip_queue *q, int fd)
{
	struct peer *p = q->peer;
	enum standing first = standing_of(q, fd, p->first);

	if (first == REFUSED || first == FORBIDDEN)
		return first;
	for (unsigned int n = p->first + 1; n <= p->last; n++)
		if (standing_of(q, fd, n) != first) {
			if (q->settings.debug)
				debug_mixed(p->first, p->last, n);
			return REFUSED;
		}
	return first;
}

/* If the program has opened a handle of the other family for these numbers, a mover owns
 * them from the beginning. */
static bool is_to_be_shared(const struct peer *p)
{
	struct peer *other = peers_find_open(other_family(p->family), p->network, p->first,
					     p->last);

	return other && start_mover(p);
}

/* Claims the private number of p, or else all its numbers. */
static void claim(struct peer *p, int fd, const struct request *r, struct kernel_request *out)
{
	nfqueue_drop_when_full(fd);
	nfqueue_stamp(fd);
	for (unsigned int n = p->first + 1; !p->is_private && n <= p->last; n++)
		bind_number(p, fd, n, r);
	translate_claim(out, r, p->number, p->maxlen, p->flags);
	p->owner = OWNER_CLAIMS;
}

/* The mover that p has found may be about to end: when it looked for handles there were
 * none, as their program was killed, and p had not claimed anything yet. Then it ends now.
 * Otherwise it answers, and knows of p. */
static void keep_mover(const struct peer *p)
{
	door_knock(p->door);
	start_mover(p);
}

static void claim_by_standing(struct peer *p, int fd, enum standing standing,
			      const struct request *r, struct kernel_request *out)
{
	struct peer *sharer;
	uint16_t queue;

	switch (standing) {
	case OURS:
		p->owner = OWNER_CLAIMS;
		break;
	case SHARED:
		sharer = find_sharer(p);
		if (sharer && find_private(p, &queue)) {
			peers_set_private(p, queue);
			claim(p, fd, r, out);
			p->door = sharer->door;
			keep_mover(p);
		}
		break;
	case FREE:
		if (is_to_be_shared(p) && find_private(p, &queue))
			peers_set_private(p, queue);
		claim(p, fd, r, out);
		break;
	case REFUSED:
	case FORBIDDEN:
		break;
	}
}

enum refusal claims_make(struct ip_queue *q, int fd, const struct request *r,
			 struct kernel_request *out)
{
	struct peer *p = q->peer;
	enum standing standing;
	int saved = errno;

	peers_follow(p, fd);
	peers_set_numbers(p, p->first, p->last);
	/* releases the claims of handles whose sockets are gone */
	peers_find_owner(p->family, p->network, p->first, p->last);
	standing = inherited_recall(p, fd) ? OURS : standing_of_all(q, fd);
	/* before Linux 3.13 the kernel answers each message of a datagram with EPERM */
	if (standing != FORBIDDEN)
		translate_probe(out, r);
	claim_by_standing(p, fd, standing, r, out);
	errno = saved;
	return standing == FORBIDDEN ? REFUSAL_IS_EPERM : REFUSAL_IS_EBUSY;
}
