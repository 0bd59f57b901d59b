/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets of a queue the program has read, and on which of them it has given a
 * verdict: one verdict may stand for all packets up to an id (NFQNL_MSG_VERDICT_BATCH) if
 * all of them have one. Knows nothing of messages. */
#ifndef IPQ_IDS_H
#define IPQ_IDS_H

#include <stdbool.h>
#include <stdint.h>

/* The most packets that may wait for a verdict; with more, nothing is known of any. */
#define IDS_MAX 8192

struct ids {
	bool is_known;		/* every packet that was read is accounted for here */
	uint16_t queue;		/* the queue number whose ids these are */
	uint32_t decided;	/* all packets up to this id have a verdict */
	unsigned int first, end;
	struct id {
		uint32_t id;
		bool decided;
	} at[IDS_MAX];		/* a ring, in order of ids */
};

/* Ids wrap around. */
static inline bool id_is_after(uint32_t id, uint32_t other)
{
	return (int32_t)(id - other) > 0;
}

/* is_known: every thread and process that reads the queue calls these functions. */
void ids_begin(struct ids *ids, bool is_known);

/* Call when the program reads the packet. */
void ids_give(struct ids *ids, uint16_t queue, uint32_t id);

static inline struct id *ids_at(struct ids *ids, unsigned int n)
{
	return &ids->at[n % IDS_MAX];
}

bool ids_decide_any(struct ids *ids, uint16_t queue, uint32_t id);

/* Call when the program gives a verdict. Returns false if it has not read that packet, or
 * has given a verdict before: the kernel will refuse this one. Returns true for every id
 * if nothing is known. Usually the packet is the oldest of several without a verdict,
 * which needs no search. */
static inline bool ids_decide(struct ids *ids, uint16_t queue, uint32_t id)
{
	if (!ids->is_known || ids->queue != queue || id != ids->decided + 1 ||
	    ids->end - ids->first < 2 || ids_at(ids, ids->first)->id != id ||
	    ids_at(ids, ids->first + 1)->decided)
		return ids_decide_any(ids, queue, id);
	ids->first++;
	ids->decided = id;
	return true;
}

/* Whether all packets up to id have a verdict. */
bool ids_all_decided(const struct ids *ids, uint16_t queue, uint32_t id);

#endif
