/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages received and verdicts given several at once: what is held in between,
 * in memory that forked processes share. Knows nothing of ip_queue's messages. */
#ifndef IPQ_BATCH_H
#define IPQ_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "nfqueue.h"
#include "settings.h"
#include "translate.h"

/* Messages. */
#define BATCH_MAX SETTINGS_BATCH_MAX

struct batch;

/* That of the socket with the port id in the network namespace, for max messages; empty
 * if it is a new one. tracked says whether all that read the queue share it. It stays
 * for ever: a descriptor may be used after it was closed. NULL and errno. */
struct batch *batch_of(uint32_t port_id, uint64_t network, unsigned int max, bool is_new,
		       bool tracked);

/* One thread or process at a time may do the rest of this. False in a signal handler
 * that has interrupted it: then all is done without it. */
bool batch_lock(struct batch *b);
void batch_unlock(struct batch *b);

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

/* The program is given the packet id of queue, or gives a verdict on it; false if it
 * had not been given it. Without it no verdict can stand for several packets. */
void batch_track(struct batch *b, uint16_t queue, uint32_t id);
bool batch_decide(struct batch *b, uint16_t queue, uint32_t id);

/* Holds the verdict r on the packet, NF_ACCEPT or NF_DROP alone, if messages are
 * held; else, or if there are many, all go to the kernel. Returns 0, or -1 and
 * errno: they are held still. */
int batch_put(struct batch *b, int fd, const struct request *r, uint16_t queue,
	      uint32_t id);

/* Sends the verdicts held. The same. */
int batch_flush(struct batch *b, int fd);

/* The program reads: how soon after a verdict tells whether the next may be held. */
void batch_reads(struct batch *b);

#endif
