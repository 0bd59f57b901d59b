/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts that are held until several can be sent to the kernel at once. Knows nothing
 * of packets but their ids. For the thread that holds the batch's lock. */
#ifndef IPQ_VERDICTS_H
#define IPQ_VERDICTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ids.h"
#include "pace.h"
#include "translate.h"

/* This number of messages, sent in one datagram, fits into the send buffer. */
#define VERDICTS_MAX 512

struct verdicts {
	struct ids ids;
	struct pace pace;
	int fd;			/* the descriptor that the last verdict was given on */
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

/* Holds the verdict r on the packet, which must be NF_ACCEPT or NF_DROP without payload
 * or mark, if fewer than most are held and the program does nothing but read and give
 * verdicts; otherwise sends it with all that are held. Returns 0, or -1 and errno: the
 * earlier verdicts are then held still, and this one is not. */
int verdicts_put(struct verdicts *v, int fd, const struct request *r, uint16_t queue,
		 uint32_t id, unsigned int most);

/* Sends the verdicts held. Returns 0, or -1 and errno: they are then held still. */
int verdicts_flush(struct verdicts *v, int fd);

#endif
