/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets of a queue the program has read, and on which of them it has given a
 * verdict: one verdict may stand for all packets up to an id (NFQNL_MSG_VERDICT_BATCH) if
 * all of them have one. Knows nothing of messages. */
#include <stddef.h>

#include "ids.h"

void ids_begin(struct ids *ids, bool is_known)
{
	ids->is_known = is_known;
	ids->queue = 0;
	ids->decided = 0;
	ids->first = ids->end = 0;
}

/* Stops at an id that is missing. Either another thread has received that packet and is
 * about to call ids_give, or the packet is not for this program and nobody will. (If the
 * packet was lost because the receive buffer was full, verdicts are not combined from
 * there on.) */
static void advance(struct ids *ids)
{
	while (ids->first != ids->end && ids_at(ids, ids->first)->decided &&
	       ids_at(ids, ids->first)->id == ids->decided + 1)
		ids->decided = ids_at(ids, ids->first++)->id;
}

void ids_give(struct ids *ids, uint16_t queue, uint32_t id)
{
	unsigned int n;

	if (ids->queue != queue) {
		ids_begin(ids, ids->is_known);
		ids->queue = queue;
	}
	if (ids->end - ids->first == IDS_MAX)
		ids->is_known = false;
	if (!ids->is_known)
		return;
	/* threads may call this in another order than they received the packets */
	for (n = ids->end; n != ids->first && id_is_after(ids_at(ids, n - 1)->id, id); n--)
		*ids_at(ids, n) = *ids_at(ids, n - 1);
	*ids_at(ids, n) = (struct id) { .id = id };
	ids->end++;
}

/* Usually the ids have no gaps, and the id gives the position. Otherwise this is a binary
 * search. */
static struct id *find(struct ids *ids, uint32_t id)
{
	unsigned int low = ids->first, high = ids->end, n;

	if (low == high)
		return NULL;
	n = low + (id - ids_at(ids, low)->id);
	if (n - low < high - low && ids_at(ids, n)->id == id)
		return ids_at(ids, n);
	while (low != high) {
		n = low + (high - low) / 2;
		if (ids_at(ids, n)->id == id)
			return ids_at(ids, n);
		if (id_is_after(id, ids_at(ids, n)->id))
			low = n + 1;
		else
			high = n;
	}
	return NULL;
}

bool ids_decide_any(struct ids *ids, uint16_t queue, uint32_t id)
{
	struct id *found;

	if (!ids->is_known)
		return true;
	found = ids->queue == queue ? find(ids, id) : NULL;
	if (!found || found->decided)
		return false;
	found->decided = true;
	advance(ids);
	return true;
}

bool ids_all_decided(const struct ids *ids, uint16_t queue, uint32_t id)
{
	return ids->is_known && ids->queue == queue && !id_is_after(id, ids->decided);
}
