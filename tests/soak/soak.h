/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the processes of the soak test share. There are pairs of a sender and a reader.
 * Each pair has queues of its own, one for IPv4 and one for IPv6. They work in rounds:
 * the reader creates its handles, the sender sends, the last packet is accounted for, the
 * reader destroys its handles. */
#ifndef SOAK_H
#define SOAK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAIRS 3
#define FAMILIES 2		/* 0: IPv4, 1: IPv6 */
#define READERS 2		/* threads for each handle */

#define PORT(pair) (7000 + (pair))
#define QUEUE(pair, family) (10 * ((family) + 1) + (pair))

/* The greatest length of a packet, including the IP header; and the length
 * of its headers. */
#define SIZE_MAX_SENT 60000
#define HEADERS(family) ((family) ? 48 : 28)

/* Seconds of sending in a round, and seconds until all packets must be accounted for. */
#define ROUND 2
#define PATIENCE 20

enum turn { READER_MAKES, SENDER_SENDS, READER_DESTROYS, OVER };

/* The packets of one queue in one round. */
struct account {
	/* overflown: the receiver's buffer was full */
	atomic_ulong sent, received, overflown;
	atomic_ulong accepted, changed, dropped;
};

/* Latencies. There are four buckets for each power of two of microseconds. */
#define BUCKETS 128
struct histogram {
	atomic_ulong count[BUCKETS];
	atomic_ulong max;
};

struct pair {
	_Atomic enum turn turn;
	struct account account[FAMILIES];
	unsigned long rounds;
	long rss, rss_first;		/* resident memory of the reader, KiB */
	int files, files_first;		/* number of its descriptors */
};

struct shared {
	atomic_bool stop;		/* stop after this round */
	atomic_bool failed;
	struct pair pair[PAIRS];
	/* of all rounds */
	atomic_ulong sent, received, overflown, accepted, changed, dropped;
	atomic_ulong full, socket;	/* counted by the kernel */
	struct histogram to_reader, to_receiver;
};

extern struct shared *shared;

/* The content of a packet that is large enough for it. The rest is a pattern that
 * follows from it. */
struct content {
	uint64_t sent_at;		/* us */
	uint32_t number;		/* from 0, in its round and queue */
	uint32_t len;			/* of all data */
	uint32_t changed;		/* by the reader */
	uint32_t pad;
};

void content_fill(unsigned char *data, const struct content *c);
bool content_is_whole(const unsigned char *data, size_t len, struct content *c);

/* Sets lengths and checksums of a changed UDP packet. */
void packet_seal(unsigned char *packet, size_t len, int family);

uint64_t now_us(void);
uint32_t random_below(uint32_t limit);

void histogram_add(struct histogram *h, uint64_t us);
void histogram_print(const struct histogram *h, const char *name);

/* Prints an error message and ends the process. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Waits for this turn of the pair. Returns false at the end of the test or if another
 * process has failed; fails if it takes too long. */
bool turn_await(struct pair *p, enum turn turn);

/* The two processes of a pair. They return at the end of the test. */
void reader_run(int pair);
void sender_run(int pair);

#endif
