/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets of a queue the program has read, and on which of them it has given a
 * verdict: one verdict may stand for all packets up to an id (NFQNL_MSG_VERDICT_BATCH) if
 * all of them have one. Knows nothing of messages. */
#ifndef IPQ_IDS_H
#define IPQ_IDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The most packets from the oldest without a verdict to the newest; with more, nothing is
 * known of any. */
#define IDS_MAX 8192

enum id_state { ID_NOT_READ, ID_READ, ID_DECIDED };

struct ids {
	bool is_known;		/* every packet that was read is accounted for here */
	uint16_t queue;		/* the queue number whose ids these are */
	uint32_t decided;	/* all packets up to this id have a verdict */
	uint8_t state[IDS_MAX];	/* enum id_state, of the packets after that, a ring */
};

/* Ids wrap around. */
static inline bool id_is_after(uint32_t id, uint32_t other)
{
	return (int32_t)(id - other) > 0;
}

/* is_known: every thread and process that reads the queue calls these functions. */
static inline void ids_begin(struct ids *ids, bool is_known)
{
	ids->is_known = is_known;
	ids->queue = 0;
	ids->decided = 0;
	memset(ids->state, ID_NOT_READ, sizeof(ids->state));
}

/* Whether the state of the packet is in the ring. */
static inline bool ids_reach(const struct ids *ids, uint32_t id)
{
	return id - ids->decided - 1 < IDS_MAX;
}

/* Call when the program reads the packet. */
static inline void ids_give(struct ids *ids, uint16_t queue, uint32_t id)
{
	if (!ids->is_known)
		return;
	if (ids->queue != queue) {
		ids_begin(ids, true);
		ids->queue = queue;
	}
	if (ids_reach(ids, id))
		ids->state[id % IDS_MAX] = ID_READ;
	else
		ids->is_known = false;
}

/* Call when the program gives a verdict. Returns false if it has not read that packet, or
 * has given a verdict before: the kernel will refuse this one. Returns true for every id
 * if nothing is known.
 *
 * An id that was not read stays in the way of those after it. Either another thread has
 * received that packet and is about to call ids_give, or the packet is not for this
 * program and nobody will. (If the packet was lost because the receive buffer was full,
 * verdicts are not combined from there on.) */
static inline bool ids_decide(struct ids *ids, uint16_t queue, uint32_t id)
{
	uint8_t *state = &ids->state[id % IDS_MAX];

	if (!ids->is_known)
		return true;
	if (ids->queue != queue || !ids_reach(ids, id) || *state != ID_READ)
		return false;
	*state = ID_DECIDED;
	while (*(state = &ids->state[(ids->decided + 1) % IDS_MAX]) == ID_DECIDED) {
		*state = ID_NOT_READ;
		ids->decided++;
	}
	return true;
}

/* Whether all packets up to id have a verdict. */
static inline bool ids_all_decided(const struct ids *ids, uint16_t queue, uint32_t id)
{
	return ids->is_known && ids->queue == queue && !id_is_after(id, ids->decided);
}

#endif
