/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which socket has which queue number: claimed, and given up to a mover where both
 * families of a program mean it. Knows nothing of messages to the program. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "claims.h"
#include "debug.h"
#include "mover.h"
#include "nfqueue.h"
#include "port_id.h"
#include "take.h"

/* Carried by what the program did not ask for: a refusal of it is nobody's. */
static const struct request nobodys;

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

/* Two processes seldom begin to look at the same one. */
static bool find_private(const struct peer *p, uint16_t *queue)
{
	for (unsigned int i = 0; i < PEERS_PRIVATE_NUMBERS; i++) {
		*queue = UINT16_MAX - (p->port_id + i) % PEERS_PRIVATE_NUMBERS;
		if (nfqueue_probe(*queue) == NFQUEUE_FREE)
			return true;
	}
	return false;
}

/* Packets wait in a mover's numbers for next to no time. */
#define MOVER_MAXLEN 65536

/* What is to be cut into segments is cut for who gets it. */
static void put_mover_claim(struct kernel_request *out, const struct peer *p, uint16_t queue)
{
	translate_claim(out, &nobodys, queue, MOVER_MAXLEN, p->flags | NFQA_CFG_F_GSO);
}

/* A mover for p's numbers, which are free. */
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
	/* without a mode no packets come yet: it would be a refusal */
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

	translate_verdict(out, &nobodys, REFUSAL_IS_EPERM, from, &v);
}

/* How many ids are tried before the program is taken to have no more packets. */
#define TRIES_MAX 512

/*
 * Packets that the program has and has not decided on get other ids, by which it does not
 * know them. So they go first, one by one, and what id each had is kept: ids up to that of
 * the last one given are tried until the list says that all are found. Who may not read
 * the list gets these packets once more.
 */
static void move_undecided(struct peer *p, int fd, uint16_t to)
{
	uint32_t id = p->last_given, found = 0;
	struct kernel_request out;

	for (int tries = 0; tries < TRIES_MAX && id && found < PEER_OLD_MAX &&
	     nfqueue_waiting(p->first); tries++, id--) {
		kernel_request_init(&out);
		put_requeue(&out, p->first, id, false, to);
		nfqueue_send(fd, &out);
		if (nfqueue_waiting(to) > found)
			p->old[found++] = id;
	}
	p->old_count = found;
}

/* All ids there can be, as ids wrap around (nfq_id_after); in one datagram, so that no
 * packet comes in between. */
static void move_all(int fd, uint16_t from, uint16_t to)
{
	struct kernel_request out;

	kernel_request_init(&out);
	put_requeue(&out, from, 0x7fffffff, true, to);
	put_requeue(&out, from, 0xffffffff, true, to);
	put_requeue(&out, from, 0x7fffffff, true, to);
	translate_unbind(&out, &nobodys, from);
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

/* What comes between unbinding and binding is dropped. Packets of the other family that
 * waited came when nobody wanted them. */
static void hand_over(struct peer *p, int fd, int mover, uint16_t to)
{
	bool several = p->ids == IDS_WITH_QUEUE;

	bind_number(p, fd, to, &nobodys);
	send_mode(fd, to, p->mode == IPQ_COPY_NONE ? IPQ_COPY_PACKET : p->mode, p->range);
	batch_flush(p->port_id, p->network, fd);
	if (!several)
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
	uint16_t to;
	int mover;
	bool started = false;

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

	if (p->is_private && nfqueue_probe(p->first) == NFQUEUE_FREE)
		start_mover(p);
	for (unsigned int n = p->first + 1; !p->is_private && n <= p->last; n++)
		send_mode(fd, n, p->mode, p->range);
	errno = saved;
}

void claims_end(struct peer *p)
{
	if (!p->is_private || !peers_is_gone(p))
		return;
	p->owner = OWNER_NOT;
	if (!find_sharer(p))
		mover_knock(p->door);
}

enum standing { OURS, FREE, SHARED, REFUSED, FORBIDDEN };

/* Of a number that some socket has: whether a mover of this program's has it, or comes to
 * have it. */
static bool is_shared(const struct peer *p, uint16_t queue, uint32_t owner)
{
	struct peer *sharer = find_sharer(p);
	pid_t process;

	if (!sharer || queue < sharer->first || queue > sharer->last)
		return false;
	if (sharer->is_private)
		return !owner || port_id_is_movers(owner, &process);
	return (!owner || owner == sharer->port_id) && peers_reachable(sharer) &&
	       claims_give_up(sharer, sharer->fd);
}

static enum standing standing_of_taken(struct ip_queue *q, int fd, uint16_t queue)
{
	uint32_t owner;

	/* it is another number that was asked about: the kernel will tell */
	if (!nfqueue_is_here(q->peer->network))
		return FREE;
	owner = nfqueue_owner(queue);
	/* a process forked or replaced may have claimed it over this very socket */
	if (owner == nfqueue_port_id(fd))
		return OURS;
	if (is_shared(q->peer, queue, owner))
		return SHARED;
	/* that of a program that was killed may not know yet */
	mover_knock(queue);
	if (nfqueue_probe(queue) == NFQUEUE_FREE)
		return FREE;
	if (q->settings.debug)
		debug_taken(queue, q->family);
	return REFUSED;
}

static enum standing standing_of(struct ip_queue *q, int fd, uint16_t queue)
{
	switch (nfqueue_probe(queue)) {
	case NFQUEUE_FREE:
		return FREE;
	case NFQUEUE_TAKEN:
		return standing_of_taken(q, fd, queue);
	case NFQUEUE_FORBIDDEN:
		if (!nfqueue_is_here(q->peer->network))
			return FREE;
		if (q->settings.debug)
			debug_forbidden(queue);
		return FORBIDDEN;
	case NFQUEUE_ABSENT:
		break;
	}
	return REFUSED;
}

/* All numbers must have the same. */
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

/* Where the other family's handle will want the numbers too nobody need give them up. */
static bool is_to_be_shared(const struct peer *p)
{
	struct peer *other = peers_find_open(other_family(p->family), p->network, p->first,
					     p->last);

	return other && start_mover(p);
}

static void claim_private(struct peer *p, int fd, uint16_t queue, const struct request *r,
			  struct kernel_request *out)
{
	nfqueue_drop_when_full(fd);
	nfqueue_stamp(fd);
	translate_claim(out, r, queue, p->maxlen, p->flags);
	peers_set_private(p, queue);
	p->owner = OWNER_CLAIMS;
}

static void claim_itself(struct peer *p, int fd, const struct request *r,
			 struct kernel_request *out)
{
	nfqueue_drop_when_full(fd);
	nfqueue_stamp(fd);
	for (unsigned int n = p->first + 1; n <= p->last; n++)
		bind_number(p, fd, n, r);
	translate_claim(out, r, p->first, p->maxlen, p->flags);
	p->owner = OWNER_CLAIMS;
}

/* As the standing of its numbers has it. */
static void claim(struct peer *p, int fd, enum standing standing, const struct request *r,
		  struct kernel_request *out)
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
			claim_private(p, fd, queue, r, out);
			p->door = sharer->door;
		}
		break;
	case FREE:
		if (is_to_be_shared(p) && find_private(p, &queue))
			claim_private(p, fd, queue, r, out);
		else
			claim_itself(p, fd, r, out);
		break;
	case REFUSED:
	case FORBIDDEN:
		break;
	}
}

/* It had one before exec(2). */
static bool find_own_private(struct peer *p, int fd)
{
	uint16_t queue = nfqueue_number_of(nfqueue_port_id(fd), PEERS_PRIVATE_FIRST);

	if (queue <= p->last)
		return false;
	peers_set_private(p, queue);
	p->owner = OWNER_CLAIMS;
	return true;
}

enum refusal claims_make(struct ip_queue *q, int fd, const struct request *r,
			 struct kernel_request *out)
{
	struct peer *p = q->peer;
	enum standing standing;
	int saved = errno;

	peers_follow(p, fd);
	peers_set_numbers(p, p->first, p->last);
	if (find_own_private(p, fd)) {
		translate_probe(out, r);
	} else {
		standing = standing_of_all(q, fd);
		/* Linux before 3.13 answers every message of a datagram with EPERM */
		if (standing == FORBIDDEN) {
			errno = saved;
			return REFUSAL_IS_EPERM;
		}
		translate_probe(out, r);
		claim(p, fd, standing, r, out);
	}
	errno = saved;
	return REFUSAL_IS_EBUSY;
}
