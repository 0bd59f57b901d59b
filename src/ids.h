/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets of a queue the program was given and which it has decided on: whether
 * one verdict may stand for all up to an id. Knows nothing of messages. */
#ifndef IPQ_IDS_H
#define IPQ_IDS_H

#include <stdbool.h>
#include <stdint.h>

/* Packets given and not yet decided on, at most; with more of them nothing is known. */
#define IDS_MAX 8192

struct ids {
	bool is_known;		/* of all that were given whether they are decided on */
	uint16_t queue;		/* whose ids these are */
	uint32_t decided;	/* up to this id all are */
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

/* is_known: whether all who read the queue will tell. */
void ids_begin(struct ids *ids, bool is_known);

/* The program is given the packet. */
void ids_give(struct ids *ids, uint16_t queue, uint32_t id);

/* It decides on the packet. False if it had not been given it, or did before: that
 * verdict will be refused. True of all when nothing is known. */
bool ids_decide(struct ids *ids, uint16_t queue, uint32_t id);

/* Whether it has decided on all up to id. */
bool ids_all_decided(const struct ids *ids, uint16_t queue, uint32_t id);

#endif
