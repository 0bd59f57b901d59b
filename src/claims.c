/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which socket has which queue number: claimed, shared by the two families of one
 * program, handed on. Knows nothing of messages to the program. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "claims.h"
#include "debug.h"
#include "nfqueue.h"
#include "receive.h"

/* Carried by what the program did not ask for: a refusal of it is nobody's. */
static const struct request nobodys;

static uint8_t other_family(uint8_t family)
{
	return family == AF_INET ? AF_INET6 : AF_INET;
}

struct peer *claims_sharer(const struct peer *p)
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
	for (unsigned int i = 0; i < CLAIMS_PRIVATE_NUMBERS; i++) {
		*queue = UINT16_MAX - (p->port_id + i) % CLAIMS_PRIVATE_NUMBERS;
		if (nfqueue_probe(*queue) == NFQUEUE_FREE)
			return true;
	}
	return false;
}

static void use_private(struct peer *p, uint16_t queue)
{
	p->number = queue;
	p->is_private = true;
	p->several = false;
}

static void unbind_numbers(struct peer *p)
{
	struct kernel_request out;

	for (unsigned int n = p->first; n <= p->last; n++) {
		kernel_request_init(&out);
		translate_unbind(&out, &nobodys, n);
		nfqueue_send(p->fd, &out);
	}
	p->holds = false;
}

/* What waits unread is moved to its private number, so that it need not be lost; what
 * was read and not decided on is. */
static void step_aside(struct peer *p)
{
	uint16_t queue;

	if (!peers_reachable(p))
		return;
	if (!p->is_private) {
		if (!find_private(p, &queue))
			return;
		bind_number(p, p->fd, queue, &nobodys);
		send_mode(p->fd, queue, IPQ_COPY_PACKET, p->range);
		use_private(p, queue);
		p->shares = true;
	}
	receive_move_waiting(p, p->fd);
	unbind_numbers(p);
	send_mode(p->fd, p->number, p->mode, p->range);
}

/* The mode along with it: until then the kernel drops what comes. Only to be moved
 * on, a packet needs no payload. */
static void take_number(struct peer *p, uint16_t queue)
{
	struct request r = { .body.msg.mode.value = IPQ_COPY_META };
	struct kernel_request out;

	kernel_request_init(&out);
	translate_claim(&out, &nobodys, queue, p->maxlen, p->flags);
	if (p->mode != IPQ_COPY_NONE)
		translate_mode(&out, &r, REFUSAL_IS_EPERM, queue);
	nfqueue_send(p->fd, &out);
}

/* At once: what comes in between is dropped. Its packets come by the private number
 * still, also those in the numbers taken over: ids of several numbers would be the
 * same. */
static void take_numbers(struct peer *p)
{
	/* also if it is refused: that wakes select */
	p->shares = true;
	for (unsigned int n = p->first; n <= p->last; n++)
		take_number(p, n);
}

void claims_take_free(struct peer *p)
{
	for (unsigned int n = p->first; n <= p->last; n++)
		if (nfqueue_probe(n) == NFQUEUE_FREE) {
			p->shares = true;
			p->holds = true;
			take_number(p, n);
		}
}

void claims_take_over(struct peer *p, uint32_t from)
{
	if (!peers_reachable(p))
		return;
	take_numbers(p);
	/* a forked process may have the socket still, and the numbers with it */
	p->holds = nfqueue_port_id_unused(from, p->network);
}

void claims_pass(struct peer *from, struct peer *to)
{
	step_aside(from);
	if (from->holds || !peers_reachable(to))
		return;
	take_numbers(to);
	to->holds = true;
}

void claims_set_mode(struct peer *p, int fd)
{
	if (!p->holds)
		return;
	for (unsigned int n = p->first; n <= p->last; n++)
		if (p->is_private)	/* only to be moved on */
			send_mode(fd, n, p->mode == IPQ_COPY_NONE ? IPQ_COPY_NONE :
				  IPQ_COPY_META, 0);
		else if (n != p->number)
			send_mode(fd, n, p->mode, p->range);
}

enum standing { OURS, FREE, SHARED, REFUSED, FORBIDDEN };

/* One of this program's that has the number for the other family. It need not have
 * it if it takes no packets. */
static enum standing ask_sharer(struct peer *p, uint16_t queue)
{
	struct peer *holder = peers_find_owner(other_family(p->family), p->network, queue,
					       queue);

	/* what this process cannot reach is another's, forked or not */
	if (!holder || !holder->holds || !peers_reachable(holder))
		return REFUSED;
	if (holder->mode == IPQ_COPY_NONE)
		step_aside(holder);
	if (!holder->holds)
		return FREE;
	holder->shares = true;
	return SHARED;
}

static enum standing standing_of(struct ip_queue *q, int fd, uint16_t queue)
{
	enum standing standing = REFUSED;

	switch (nfqueue_probe(queue)) {
	case NFQUEUE_FREE:
		return FREE;
	case NFQUEUE_TAKEN:
		/* it is another number that was asked about: the kernel will tell */
		if (!nfqueue_is_here(q->peer->network))
			return FREE;
		/* a process forked or replaced may have claimed it over this
		 * very socket */
		if (nfqueue_owner(queue) == nfqueue_port_id(fd))
			return OURS;
		standing = ask_sharer(q->peer, queue);
		if (standing == REFUSED && q->settings.debug)
			debug_taken(queue, q->family);
		break;
	case NFQUEUE_FORBIDDEN:
		if (!nfqueue_is_here(q->peer->network))
			return FREE;
		if (q->settings.debug)
			debug_forbidden(queue);
		return FORBIDDEN;
	case NFQUEUE_ABSENT:
		break;
	}
	return standing;
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

enum refusal claims_make(struct ip_queue *q, int fd, const struct request *r,
			 struct kernel_request *out)
{
	struct peer *p = q->peer;
	enum standing standing;
	uint16_t queue = p->first;
	int saved = errno;

	peers_follow(p, fd);
	p->is_private = false;
	peers_set_numbers(p, p->first, p->last);
	standing = standing_of_all(q, fd);
	/* Linux before 3.13 answers every message of a datagram with EPERM */
	if (standing == FORBIDDEN) {
		errno = saved;
		return REFUSAL_IS_EPERM;
	}
	translate_probe(out, r);
	switch (standing) {
	case OURS:
		p->holds = true;
		p->owner = true;
		break;
	case SHARED:
		if (!find_private(p, &queue))
			break;
		nfqueue_configure(fd);
		translate_claim(out, r, queue, p->maxlen, p->flags);
		use_private(p, queue);
		p->owner = true;
		break;
	case FREE:
		nfqueue_configure(fd);
		for (unsigned int n = p->first + 1; n <= p->last; n++)
			bind_number(p, fd, n, r);
		translate_claim(out, r, queue, p->maxlen, p->flags);
		p->shares = claims_sharer(p);
		p->holds = true;
		p->owner = true;
		break;
	case REFUSED:
	case FORBIDDEN:
		break;
	}
	errno = saved;
	return REFUSAL_IS_EBUSY;
}
