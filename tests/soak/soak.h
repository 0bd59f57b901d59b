/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the processes of the soak test share. There are pairs of them, a sender and
 * a reader, each pair with queues of its own, one for IPv4 and one for IPv6. They
 * work in rounds: the reader makes its handles, the sender sends, the last packet
 * is accounted for, the reader destroys its handles. */
#ifndef SOAK_H
#define SOAK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAIRS 3
#define FAMILIES 2		/* 0: IPv4, 1: IPv6 */
#define READERS 2		/* threads of each handle */

#define PORT(pair) (7000 + (pair))
#define QUEUE(pair, family) (10 * ((family) + 1) + (pair))

/* The length of a packet, IP header included. */
#define SIZE_MAX_SENT 60000
#define HEADERS(family) ((family) ? 48 : 28)

/* Seconds of sending in a round, and until it must be accounted for. */
#define ROUND 2
#define PATIENCE 20

enum turn { READER_MAKES, SENDER_SENDS, READER_DESTROYS, OVER };

/* Of one queue in one round. */
struct account {
	atomic_ulong sent, received, overflown;	/* the receiver's own buffer */
	atomic_ulong accepted, changed, dropped;
};

/* Latencies: four buckets to a power of two of microseconds. */
#define BUCKETS 128
struct histogram {
	atomic_ulong count[BUCKETS];
	atomic_ulong max;
};

struct pair {
	_Atomic enum turn turn;
	struct account account[FAMILIES];
	unsigned long rounds;
	long rss, rss_first;		/* KiB of the reader */
	int files, files_first;		/* its descriptors */
};

struct shared {
	atomic_bool stop;		/* after this round */
	atomic_bool failed;
	struct pair pair[PAIRS];
	/* of all rounds */
	atomic_ulong sent, received, overflown, accepted, changed, dropped;
	atomic_ulong full, socket;	/* counted by the kernel */
	struct histogram to_reader, to_receiver;
};

extern struct shared *shared;

/* What is in a packet large enough for it; the rest is a pattern made of it. */
struct content {
	uint64_t sent_at;		/* us */
	uint32_t number;		/* in its round and queue, from 0 */
	uint32_t len;			/* of all the data */
	uint32_t changed;		/* by the reader */
	uint32_t pad;
};

void content_fill(unsigned char *data, const struct content *c);
bool content_is_whole(const unsigned char *data, size_t len, struct content *c);

/* Puts length and checksum of a changed UDP packet right. */
void packet_seal(unsigned char *packet, size_t len, int family);

uint64_t now_us(void);
uint32_t random_below(uint32_t limit);

void histogram_add(struct histogram *h, uint64_t us);
void histogram_print(const struct histogram *h, const char *name);

/* Says what is wrong and ends the process. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Waits for a turn of the pair's. False if another's comes or it takes too long. */
bool turn_await(struct pair *p, enum turn turn);

/* A process each; they return when it is over. */
void reader_run(int pair);
void sender_run(int pair);

#endif
