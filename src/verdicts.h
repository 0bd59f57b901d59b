/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts given and held until several go to the kernel at once. Knows nothing of
 * packets but their ids; who holds the batch's lock has it. */
#ifndef IPQ_VERDICTS_H
#define IPQ_VERDICTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ids.h"
#include "translate.h"

/* Sent in one piece: well within the send buffer. */
#define VERDICTS_MAX 512

struct verdicts {
	struct ids ids;
	int fd;			/* the last verdict's */
	unsigned int streak;	/* reads that followed a verdict at once */
	uint64_t given_at;	/* the last verdict, ns */
	unsigned int count;
	struct held {
		struct request r;
		uint32_t id;
		uint16_t queue;
	} held[VERDICTS_MAX];
	char messages[VERDICTS_MAX * VERDICT_MESSAGE_MAX];	/* for the kernel */
};

/* is_known as for ids_begin. */
void verdicts_begin(struct verdicts *v, bool is_known);

/* Holds the verdict r on the packet, NF_ACCEPT or NF_DROP alone, if so many as most
 * are not yet held and the program does nothing but read and decide; else all go to
 * the kernel. Returns 0, or -1 and errno: those before are held still, this is not. */
int verdicts_put(struct verdicts *v, int fd, const struct request *r, uint16_t queue,
		 uint32_t id, unsigned int most);

/* Sends those held. Returns 0, or -1 and errno: they are held still. */
int verdicts_flush(struct verdicts *v, int fd);

/* The program reads: how soon after a verdict tells whether the next may be held. */
void verdicts_note_read(struct verdicts *v);

#endif
