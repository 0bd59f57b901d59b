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

void ids_give(struct ids *ids, uint16_t queue, uint32_t id)
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
