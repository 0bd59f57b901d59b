/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several messages received at once and held until the program reads them, in memory
 * that forked processes share. Knows nothing of ip_queue's messages. */
#ifndef IPQ_BATCH_H
#define IPQ_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "nfqueue.h"
#include "peers.h"
#include "settings.h"
#include "translate.h"
#include "verdicts.h"

/* Messages. */
#define BATCH_MAX SETTINGS_BATCH_MAX

struct batch;

/* The batch of the socket of p, with room for max messages. is_new: the socket was just
 * opened, or is not known here, and the batch begins empty; is_known as for ids_begin. A
 * batch is never freed, as a descriptor may be used after it was closed. Returns NULL and
 * errno on failure. */
struct batch *batch_of(const struct peer *p, unsigned int max, bool is_new, bool is_known);

/* The functions below are for the thread that holds the lock; the processes that share
 * the batch share the lock, too. batch_lock returns false in a signal handler that has
 * interrupted the holder: the handler must do without the batch. */
bool batch_lock(struct batch *b);
void batch_unlock(struct batch *b);

/* Sends the verdicts held for the socket of p, which is fd, if it has a batch. Takes the
 * lock itself. */
void batch_flush(const struct peer *p, int fd);

/* The number of messages held. Needs no lock. */
unsigned int batch_held(const struct batch *b);

/* Whether receiving several messages at once is likely to pay: if several were there
 * lately, and the last packet, of len bytes, was not so large that copying it once more
 * costs more than a system call. */
bool batch_is_due(struct batch *b);
void batch_note_size(struct batch *b, size_t len);

/* Receives the messages that wait in the socket, as many as there is room for. No message
 * may be held. Returns how many were received. The caller looks at each with batch_look,
 * the oldest first, and calls batch_keep for those that the program shall read, then
 * batch_received. */
unsigned int batch_receive(struct batch *b, int fd);
struct message *batch_look(struct batch *b, unsigned int i, struct nfqueue_datagram *d);
void batch_keep(struct batch *b, unsigned int i);
void batch_received(struct batch *b);

/* Call when a mark was received (batch_mark_seen), or another message in its place, so
 * that perhaps no mark is there (batch_mark_passed). */
void batch_mark_seen(struct batch *b, uint32_t number);
void batch_mark_passed(struct batch *b);

/* Unlocks. The socket must be readable while messages are held, whatever a signal handler
 * receives meanwhile. If nothing else makes it so, a mark does: a message that the kernel
 * sends as its answer to an invalid request (translate_mark). */
void batch_leave(struct batch *b, int fd);

/* Whether no message is held and marks are in the socket, which must be received now. */
bool batch_has_marks(const struct batch *b);

/* batch_head returns the oldest message held, and batch_drop_head removes it. */
struct message *batch_head(struct batch *b, struct nfqueue_datagram *d);
void batch_drop_head(struct batch *b);

/* The verdicts held, and how many may be (the most of verdicts_put): more while messages
 * are held, since the program will certainly read again. */
struct verdicts *batch_verdicts(struct batch *b);
unsigned int batch_verdicts_max(const struct batch *b);

#endif
