/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several messages received at once and held until the program reads them, in memory
 * that forked processes share. Knows nothing of ip_queue's messages. */
#ifndef IPQ_BATCH_H
#define IPQ_BATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <net/if.h>

#include "nfqueue.h"
#include "peers.h"
#include "settings.h"
#include "verdicts.h"

/* The most messages that a batch holds. */
#define BATCH_MAX SETTINGS_BATCH_MAX

/* The size of a cache line in bytes. */
#define BATCH_LINE 64

/* Other files use indev, outdev, verdicts and verdicts_max; the other members only through the
 * functions below. */
struct batch {
	pthread_mutex_t lock;
	uint32_t port_id;		/* of the socket */
	unsigned int max, verdicts_max;	/* messages and verdicts to hold */

	unsigned int end;		/* of the used part of order */
	_Atomic unsigned int kept;	/* messages held, the last ones before end */
	_Atomic uint32_t mark;		/* the last mark sent to the socket */
	_Atomic uint32_t mark_seen;	/* the last mark received from it */
	atomic_bool is_unsure;		/* the last mark may not be in the socket */
	atomic_bool more_wait;		/* more messages make the socket readable */
	bool may_vanish;		/* these may be removed, see batch_flush */
	unsigned int skip, patience;	/* messages to receive singly: left, all */
	bool is_large;			/* the last packet was large */
	atomic_bool is_idle;		/* see batch_is_idle */

	/* what links_find has found for the messages held; ifindex is 0 if nothing */
	struct batch_link {
		uint32_t ifindex;
		uint16_t hw_type;
		char name[IF_NAMESIZE];
	} indev, outdev;

	struct verdicts verdicts;

	unsigned int order[BATCH_MAX];	/* slots of the messages held */
	struct mmsghdr msgs[BATCH_MAX];	/* by slot */
	struct iovec iov[BATCH_MAX];
	_Alignas(BATCH_LINE) unsigned char slot[];
};

/* The batch of the socket of p, with room for max messages. is_new: the socket was just
 * opened, or is not known here, and the batch begins empty; is_known as for ids_begin. A
 * batch is never freed, as a descriptor may be used after it was closed. Returns NULL and
 * errno on failure. */
struct batch *batch_of(const struct peer *p, unsigned int max, bool is_new, bool is_known);

/* The functions below are for the thread that holds the lock; the processes that share
 * the batch share the lock, too. batch_lock returns false in a signal handler that has
 * interrupted the holder: the handler must do without the batch. */
bool batch_lock_left(struct batch *b, int error);	/* the rest of batch_lock */

static inline bool batch_lock(struct batch *b)
{
	int error = pthread_mutex_lock(&b->lock);

	return !error || batch_lock_left(b, error);
}

static inline void batch_unlock(struct batch *b)
{
	pthread_mutex_unlock(&b->lock);
}

/* Sends the verdicts held for the socket of p, which is fd, if it has a batch. Call
 * before the queue numbers of p are given up, after which messages may be removed from
 * the socket. Takes the lock itself. */
void batch_flush(const struct peer *p, int fd);

/* The number of messages held. Needs no lock. */
static inline unsigned int batch_held(const struct batch *b)
{
	return atomic_load_explicit(&b->kept, memory_order_relaxed);
}

/* Whether receiving several messages at once is likely to pay: if several were there
 * lately, and the last packet, of len bytes, was not so large that copying it once more
 * costs more than a system call. */
static inline bool batch_is_due(const struct batch *b)
{
	return !b->skip && !b->is_large;
}

/* Whether more messages wait, and are to be received before the program asks for the next
 * one, so that its verdicts are held on. */
static inline bool batch_can_go_on(const struct batch *b)
{
	return atomic_load_explicit(&b->more_wait, memory_order_relaxed) && batch_is_due(b);
}

/* A packet with more bytes of payload is large. */
#define BATCH_LARGE 8192

static inline void batch_note_size(struct batch *b, size_t len)
{
	b->is_large = len > BATCH_LARGE;
}

/* Call when no message is held after a read. If the next message is to be received singly
 * and no verdict is held, batch_is_idle, which needs no lock, tells that the lock is not
 * needed before. batch_skipped is for the read that has received it. */
static inline void batch_note_idle(struct batch *b)
{
	atomic_store_explicit(&b->is_idle, (b->skip || b->is_large) && !b->verdicts.count,
			      memory_order_relaxed);
}

static inline bool batch_is_idle(const struct batch *b)
{
	return atomic_load_explicit(&b->is_idle, memory_order_relaxed);
}

static inline void batch_skipped(struct batch *b)
{
	if (b->skip)
		b->skip--;
}

/* Receives the messages that wait in the socket, as many as there is room for. No message
 * may be held. Returns their number. The caller looks at each with batch_look, the oldest
 * first, and calls batch_keep for those that the program must read, then
 * batch_received. */
unsigned int batch_receive(struct batch *b, int fd);
static inline struct nlmsghdr *batch_look(const struct batch *b, unsigned int i, size_t *len)
{
	*len = b->msgs[i].msg_len;
	return b->iov[i].iov_base;
}

static inline void batch_keep(struct batch *b, unsigned int i)
{
	b->order[b->end++] = i;
}

void batch_received(struct batch *b, int fd, unsigned int n);

/* Call when a mark was received (batch_mark_seen), or another message in its place, so
 * that perhaps no mark is there (batch_mark_passed). If it was received singly, also call
 * batch_took_one, as it may have been the last message in the socket. */
void batch_mark_seen(struct batch *b, uint32_t number);
void batch_mark_passed(struct batch *b);

static inline void batch_took_one(struct batch *b)
{
	atomic_store_explicit(&b->more_wait, false, memory_order_relaxed);
}

/* Whether marks are in the socket. They must be received now if no message is held. */
static inline bool batch_has_marks(const struct batch *b)
{
	return atomic_load_explicit(&b->mark, memory_order_relaxed) !=
	       atomic_load_explicit(&b->mark_seen, memory_order_relaxed);
}

/* Unlocks. The socket must be readable while messages are held, whatever a signal handler
 * receives meanwhile. If nothing else makes it so, a mark does: a message that the kernel
 * sends as its answer to an invalid request (translate_mark). */
void batch_leave_marked(struct batch *b, int fd);	/* the rest of batch_leave */

static inline bool batch_wants_mark(const struct batch *b)
{
	return batch_held(b) &&
	       !atomic_load_explicit(&b->more_wait, memory_order_relaxed) &&
	       (!batch_has_marks(b) ||
		atomic_load_explicit(&b->is_unsure, memory_order_relaxed));
}

static inline void batch_leave(struct batch *b, int fd)
{
	bool locked = batch_wants_mark(b);

	if (!locked) {
		batch_unlock(b);
		/* a signal handler may have emptied the socket before the unlock */
		atomic_signal_fence(memory_order_seq_cst);
		locked = batch_wants_mark(b) && batch_lock(b);
	}
	if (locked)
		batch_leave_marked(b, fd);
}

/* batch_head returns the oldest message held, of len bytes, and batch_drop_head removes
 * it. */
static inline struct nlmsghdr *batch_head(const struct batch *b, size_t *len)
{
	return batch_look(b, b->order[b->end - batch_held(b)], len);
}

static inline void batch_drop_head(struct batch *b)
{
	atomic_store_explicit(&b->kept, batch_held(b) - 1, memory_order_release);
}

#endif
