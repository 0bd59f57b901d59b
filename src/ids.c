/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets of a queue the program has read, and on which of them it has given a
 * verdict: one verdict may stand for all packets up to an id (NFQNL_MSG_VERDICT_BATCH) if
 * all of them have one. Knows nothing of messages. */
#include <string.h>

#include "ids.h"

void ids_begin(struct ids *ids, bool is_known)
{
	ids->is_known = is_known;
	ids->queue = 0;
	ids->decided = 0;
	memset(ids->state, ID_NOT_READ, sizeof(ids->state));
}

/* Whether the state of the packet is in the ring. */
static bool is_in_reach(const struct ids *ids, uint32_t id)
{
	return id - ids->decided - 1 < IDS_MAX;
}

static uint8_t *state_of(struct ids *ids, uint32_t id)
{
	return &ids->state[id % IDS_MAX];
}

void ids_give(struct ids *ids, uint16_t queue, uint32_t id)
{
	if (!ids->is_known)
		return;
	if (ids->queue != queue) {
		ids_begin(ids, true);
		ids->queue = queue;
	}
	if (is_in_reach(ids, id))
		*state_of(ids, id) = ID_READ;
	else
		ids->is_known = false;
}

/* An id that was not read stays in the way of those after it. Either another thread has
 * received that packet and is about to call ids_give, or the packet is not for this
 * program and nobody will. (If the packet was lost because the receive buffer was full,
 * verdicts are not combined from there on.) */
bool ids_decide(struct ids *ids, uint16_t queue, uint32_t id)
{
	if (!ids->is_known)
		return true;
	if (ids->queue != queue || !is_in_reach(ids, id) || *state_of(ids, id) != ID_READ)
		return false;
	*state_of(ids, id) = ID_DECIDED;
	while (*state_of(ids, ids->decided + 1) == ID_DECIDED)
		*state_of(ids, ++ids->decided) = ID_NOT_READ;
	return true;
}

bool ids_all_decided(const struct ids *ids, uint16_t queue, uint32_t id)
{
	return ids->is_known && ids->queue == queue && !id_is_after(id, ids->decided);
}
