/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which socket owns which queue number. A socket claims its numbers with its first
 * request. If the handle of the program's other family owns them, it shares them
 * (sharing.h). Knows nothing of messages to the program. */
#include <errno.h>
#include <poll.h>

#include "claims.h"
#include "debug.h"
#include "door.h"
#include "inherited.h"
#include "nfqueue.h"
#include "port_id.h"
#include "queues.h"
#include "sharing.h"

enum standing { OURS, FREE, SHARED, REFUSED, FORBIDDEN };

/* Whether a queue number that another socket has bound belongs to a mover of this
 * program, or does so now because the handle of the other family has given it up. */
static bool is_shared(const struct peer *p, uint16_t queue, uint32_t owner)
{
	struct peer *sharer = sharing_find(p);
	pid_t process;

	if (!sharer && owner)
		sharer = inherited_find(p, owner);
	if (!sharer || queue < sharer->first || queue > sharer->last)
		return false;
	if (sharer->is_private)
		return !owner || port_id_is_movers(owner, &process);
	return (!owner || owner == sharer->port_id) && peers_reachable(sharer) &&
	       sharing_give_up(sharer, peers_descriptor(sharer));
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
		debug_taken(queue, q->peer->family);
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

/* Claims the private number of p, or else all its numbers. */
static void claim(struct peer *p, int fd, const struct request *r, struct kernel_request *out)
{
	struct kernel_request another;

	nfqueue_drop_when_full(fd);
	nfqueue_stamp(fd);
	for (unsigned int n = p->first + 1; !p->is_private && n <= p->last; n++) {
		kernel_request_init(&another);
		translate_claim(&another, r, n, p->maxlen, p->flags);
		nfqueue_send(fd, &another);
	}
	translate_claim(out, r, p->number, p->maxlen, p->flags);
	p->owner = OWNER_CLAIMS;
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
		sharer = sharing_find(p);
		if (sharer && sharing_find_private(p, &queue)) {
			peers_set_private(p, queue);
			claim(p, fd, r, out);
			p->door = sharer->door;
			sharing_keep(p);
		}
		break;
	case FREE:
		if (sharing_begin(p) && sharing_find_private(p, &queue))
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
