/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets of a queue the program was given and which it has decided on: whether
 * one verdict may stand for all up to an id. Knows nothing of messages. */
#include <stddef.h>

#include "ids.h"

void ids_begin(struct ids *ids, bool is_known)
{
	ids->is_known = is_known;
	ids->queue = 0;
	ids->decided = 0;
	ids->first = ids->end = 0;
}

/* An id that is missing is another reader's, who is about to tell, or is not of this
 * program and never will. (If it was of a packet that did not fit in the socket's
 * buffer, verdicts are not joined from there on.) */
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
	/* threads may come out of order */
	for (n = ids->end; n != ids->first && id_is_after(ids_at(ids, n - 1)->id, id); n--)
		*ids_at(ids, n) = *ids_at(ids, n - 1);
	*ids_at(ids, n) = (struct id) { .id = id };
	ids->end++;
}

/* Most often the ids have no gaps; else it is looked for. */
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
