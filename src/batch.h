/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several messages received at once and held until the program reads them, in memory
 * that forked processes share. Knows nothing of ip_queue's messages. */
#ifndef IPQ_BATCH_H
#define IPQ_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "nfqueue.h"
#include "settings.h"
#include "translate.h"
#include "verdicts.h"

/* Messages. */
#define BATCH_MAX SETTINGS_BATCH_MAX

struct batch;

/* That of the socket with the port id in the network namespace, for max messages; empty
 * if it is a new one. is_known as for ids_begin. It stays for ever: a descriptor may be
 * used after it was closed. NULL and errno. */
struct batch *batch_of(uint32_t port_id, uint64_t network, unsigned int max, bool is_new,
		       bool is_known);

/* One thread or process at a time may do the rest of this. False in a signal handler
 * that has interrupted it: then all is done without it. */
bool batch_lock(struct batch *b);
void batch_unlock(struct batch *b);

/* Sends the verdicts held for the socket with the port id in the network namespace, which
 * is fd here, if it has a batch. */
void batch_flush(uint32_t port_id, uint64_t network, int fd);

/* How many messages are held. */
unsigned int batch_held(const struct batch *b);

/* Whether it is worth to look for several messages: so, if there lately were, and the
 * last packet given to the program was not so large that copying it once more costs
 * more than a system call. */
bool batch_is_due(struct batch *b);
void batch_note_size(struct batch *b, size_t len);

/* Takes in what waits in the socket and there is room for, nothing being held. Returns
 * how many messages; each is then looked at, the oldest first, and kept or forgotten. */
unsigned int batch_receive(struct batch *b, int fd);
struct message *batch_look(struct batch *b, unsigned int i, struct nfqueue_datagram *d);
void batch_keep(struct batch *b, unsigned int i);
void batch_received(struct batch *b);

/* The mark has come out of the socket, or another message, and perhaps the mark was
 * never there. */
void batch_mark_seen(struct batch *b, uint32_t number);
void batch_mark_passed(struct batch *b);

/* Unlocks. While messages are held the socket has to be readable, whatever a signal
 * handler takes out of it: a mark in it, an answer of the kernel's, does if nothing
 * else. */
void batch_leave(struct batch *b, int fd);

/* Whether marks have to come out of it, since nothing is held. */
bool batch_has_marks(const struct batch *b);

/* The oldest message held; it is held no more. */
struct message *batch_head(struct batch *b, struct nfqueue_datagram *d);
void batch_drop_head(struct batch *b);

/* The verdicts held beside them; and how many may be, as for verdicts_put: the program
 * will read again for sure if messages are held. */
struct verdicts *batch_verdicts(struct batch *b);
unsigned int batch_verdicts_max(const struct batch *b);

#endif
