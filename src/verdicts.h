/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts that are held until several can be sent to the kernel at once. Knows nothing
 * of packets but their ids. For the thread that holds the batch's lock. */
#ifndef IPQ_VERDICTS_H
#define IPQ_VERDICTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ids.h"
#include "pace.h"
#include "translate.h"

/* This number of messages, sent in one datagram, fits into the send buffer. */
#define VERDICTS_MAX 512

/* A verdict in one word: VERDICT_NOTED, the value, 16 bits of queue number, and the kernel's
 * packet id in the lower half. VERDICT_OWN: its request is not the usual one. */
#define VERDICT_NOTED ((uint64_t)1 << 63)
#define VERDICT_OWN ((uint64_t)1 << 62)
#define VERDICT_VALUE 48
#define VERDICT_QUEUE 32

struct verdicts {
	struct ids ids;
	struct pace pace;
	_Atomic int fd;		/* the descriptor that the last verdict was given on, or -1 */
	unsigned int count;	/* verdicts held */
	bool are_alike;		/* one verdict may stand for all of them, see can_join */
	atomic_bool may_leave;	/* see verdicts_leave */
	_Atomic uint64_t left;	/* the note of the verdict that was left, or 0 */
	struct request usual;	/* the first request, valid if fd is not -1 */
	uint64_t held[VERDICTS_MAX];		/* notes */
	struct request own[VERDICTS_MAX];	/* the requests of those with VERDICT_OWN */
	char messages[(VERDICTS_MAX + 1) * VERDICT_MESSAGE_MAX];	/* for the kernel */
};

static inline uint64_t verdict_note(uint32_t value, uint16_t queue, uint32_t id)
{
	return VERDICT_NOTED | (uint64_t)value << VERDICT_VALUE |
	       (uint64_t)queue << VERDICT_QUEUE | id;
}

/* is_known as for ids_begin. */
void verdicts_begin(struct verdicts *v, bool is_known);

/* Whether verdicts_put would hold a verdict, or send it with others. If not, it can as well
 * be sent without it. */
static inline bool verdicts_can_hold(const struct verdicts *v, unsigned int most)
{
	return v->count || (most > 1 && pace_is_quick(&v->pace));
}

/* Holds the verdict r on the packet, which must be NF_ACCEPT or NF_DROP without payload
 * or mark, if fewer than most (VERDICTS_MAX at most) are held and the program does nothing
 * but read and give verdicts; otherwise sends it with all that are held. Returns 0, or -1
 * and errno: the earlier verdicts are then held still, and this one is not. */
int verdicts_put(struct verdicts *v, int fd, const struct request *r, uint16_t queue,
		 uint32_t id, unsigned int most);

/* Whether verdicts are held or left. */
static inline bool verdicts_wait(const struct verdicts *v)
{
	return v->count || atomic_load(&v->left);
}

/* Sends the verdicts held. Returns 0, or -1 and errno: they are then held still. */
int verdicts_flush(struct verdicts *v, int fd);

/* The same for those that are held, but not left. Unless it is NULL, a mark follows them in
 * the same datagram (translate_mark). Call pace_resume afterwards. */
int verdicts_send(struct verdicts *v, int fd, const struct kernel_request *mark);

/* Call when the program reads: holds the verdict that was left. */
void verdicts_take(struct verdicts *v);

/* Call when the program has read, and more messages are held, so that it will read again.
 * most is that of verdicts_put. */
static inline void verdicts_allow(struct verdicts *v, unsigned int most)
{
	bool may_leave = v->count + 1 < most && pace_is_quick(&v->pace);

	atomic_store_explicit(&v->may_leave, may_leave, memory_order_relaxed);
}

/*
 * The only function for a thread that does not hold the lock: leaves the verdict r, which
 * must be like those of verdicts_put and have the kernel's packet id, for the thread that
 * holds the lock next, usually when the program reads again. So a packet takes the lock
 * once. Returns its note, after which verdicts_is_left must be called, or 0 if the verdict
 * cannot be left.
 */
static inline uint64_t verdicts_leave(struct verdicts *v, int fd, const struct request *r,
				      uint16_t queue)
{
	uint32_t id = r->body.msg.verdict.id, value = r->body.msg.verdict.value;
	uint64_t none = 0, note = verdict_note(value, queue, id);

	if (!atomic_load_explicit(&v->may_leave, memory_order_relaxed) ||
	    fd != atomic_load_explicit(&v->fd, memory_order_acquire) ||
	    memcmp(&r->nlh, &v->usual.nlh, sizeof(r->nlh)) ||
	    r->body.msg.verdict.data_len != v->usual.body.msg.verdict.data_len ||
	    id != r->body.msg.verdict.id)
		return 0;
	return atomic_compare_exchange_strong(&v->left, &none, note) ? note : 0;
}

/* Whether it is certain that the program will read again. If not, call verdicts_take_back,
 * if possible with the lock, and give the verdict in another way; unless it returns false,
 * as the verdict has been taken meanwhile. */
static inline bool verdicts_is_left(const struct verdicts *v)
{
	return atomic_load(&v->may_leave);
}

static inline bool verdicts_take_back(struct verdicts *v, uint64_t left)
{
	return atomic_compare_exchange_strong(&v->left, &left, 0);
}

#endif
