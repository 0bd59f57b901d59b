/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sender of a pair: sends packets of all sizes over lo, receives those that are
 * accepted, and accounts for all at the end of a round. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "soak.h"

/* The number of packets that one round may have. */
#define NUMBERS (1 << 20)

struct way {
	int family;
	struct account *account;
	uint16_t queue;
	struct sockaddr_storage to;
	socklen_t to_len;
	int out, in;
	pthread_t sending, receiving;
	atomic_bool settled;
	uint32_t drops_before;
	unsigned char seen[NUMBERS];
};

static struct way ways[FAMILIES];

static void way_open(struct way *w, int pair, int family)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&w->to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&w->to;
	struct timeval limit = { .tv_usec = 20000 };
	int bytes = 4 << 20;

	w->family = family;
	w->account = &shared->pair[pair].account[family];
	w->queue = QUEUE(pair, family);
	if (family) {
		*v6 = (struct sockaddr_in6) {
			.sin6_family = AF_INET6, .sin6_port = htons(PORT(pair)),
			.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		};
		w->to_len = sizeof(*v6);
	} else {
		*v4 = (struct sockaddr_in) {
			.sin_family = AF_INET, .sin_port = htons(PORT(pair)),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
		w->to_len = sizeof(*v4);
	}
	w->out = socket(w->to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	w->in = socket(w->to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (w->out < 0 || w->in < 0 ||
	    bind(w->in, (struct sockaddr *)&w->to, w->to_len))
		fail("sockets: %s", strerror(errno));
	setsockopt(w->in, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(w->out, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (setsockopt(w->in, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(w->in, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

/* Returns a size from the smallest possible on. Each doubling is equally likely. */
static size_t random_size(int family)
{
	uint32_t least = HEADERS(family);
	uint32_t most = least << random_below(12);

	if (random_below(50) == 0)
		return random_below(2) ? least : SIZE_MAX_SENT;
	if (most > SIZE_MAX_SENT)
		most = SIZE_MAX_SENT;
	return least + random_below(most - least + 1);
}

static void *send_round(void *arg)
{
	uint64_t until = now_us() + ROUND * 1000000;
	static _Thread_local unsigned char data[SIZE_MAX_SENT];
	struct way *w = arg;
	struct content c = { 0 };

	while (now_us() < until && c.number < NUMBERS) {
		size_t len = random_size(w->family) - HEADERS(w->family);

		c.sent_at = now_us();
		c.len = len;
		if (len >= sizeof(c))
			content_fill(data, &c);
		if (sendto(w->out, data, len, 0, (struct sockaddr *)&w->to,
			   w->to_len) >= 0) {
			atomic_fetch_add(&w->account->sent, 1);
			c.number++;
		} else if (errno != EAGAIN) {	/* the send buffer is full */
			fail("sendto: %s", strerror(errno));
		}
		if (random_below(4) == 0)
			usleep(random_below(200));
	}
	return NULL;
}

static void check(struct way *w, const unsigned char *data, size_t len)
{
	struct content c;

	if (len < sizeof(c))
		return;
	if (!content_is_whole(data, len, &c) || c.number >= NUMBERS)
		fail("a packet that arrives is damaged");
	if (w->seen[c.number]++)
		fail("a packet arrives twice");
	histogram_add(&shared->to_receiver, now_us() - c.sent_at);
}

static void *receive_round(void *arg)
{
	static _Thread_local unsigned char data[65536];
	struct way *w = arg;

	while (!atomic_load(&w->settled)) {
		ssize_t n = recv(w->in, data, sizeof(data), 0);

		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			fail("recv: %s", strerror(errno));
		check(w, data, n);
		atomic_fetch_add(&w->account->received, 1);
	}
	return NULL;
}

/* Returns the number of packets that the socket has dropped, as its receive
 * buffer was full. */
static uint32_t socket_drops(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		fail("SO_MEMINFO: %s", strerror(errno));
	return info[SK_MEMINFO_DROPS];
}

struct figures {
	unsigned int waiting, full, socket;
};

static struct figures queue_figures(unsigned int queue)
{
	FILE *list = fopen("/proc/self/net/netfilter/nfnetlink_queue", "re");
	struct figures f = { 0 };
	unsigned int number;
	char line[256];
	bool found = false;

	while (list && !found && fgets(line, sizeof(line), list))
		found = sscanf(line, "%u %*u %u %*u %*u %u %u", &number, &f.waiting,
			       &f.full, &f.socket) == 4 && number == queue;
	if (!found)
		fail("queue %u is gone", queue);
	fclose(list);
	return f;
}

/* Waits until every packet is accounted for. */
static void settle(struct way *w)
{
	uint64_t limit = now_us() + PATIENCE * 1000000;
	struct account *a = w->account;

	for (;;) {
		struct figures f = queue_figures(w->queue);
		unsigned long through;

		a->overflown = socket_drops(w->in) - w->drops_before;
		through = a->received + a->overflown;
		if (!f.waiting && through == a->accepted + a->changed &&
		    a->sent == through + a->dropped + f.full + f.socket) {
			shared->full += f.full;
			shared->socket += f.socket;
			break;
		}
		if (now_us() > limit)
			fail("queue %u: sent %lu, arrived %lu (%lu found no room there); "
			     "accepted %lu, changed %lu, dropped %lu, counted by the "
			     "kernel %u + %u, still waiting %u", w->queue, a->sent,
			     through, a->overflown, a->accepted, a->changed, a->dropped,
			     f.full, f.socket, f.waiting);
		usleep(2000);
	}
	shared->sent += a->sent;
	shared->received += a->received;
	shared->overflown += a->overflown;
	shared->accepted += a->accepted;
	shared->changed += a->changed;
	shared->dropped += a->dropped;
}

static void play_round(void)
{
	for (int f = 0; f < FAMILIES; f++) {
		struct way *w = &ways[f];

		memset(w->account, 0, sizeof(*w->account));
		memset(w->seen, 0, sizeof(w->seen));
		w->drops_before = socket_drops(w->in);
		atomic_store(&w->settled, false);
		if (pthread_create(&w->receiving, NULL, receive_round, w) ||
		    pthread_create(&w->sending, NULL, send_round, w))
			fail("no thread");
	}
	for (int f = 0; f < FAMILIES; f++)
		pthread_join(ways[f].sending, NULL);
	for (int f = 0; f < FAMILIES; f++) {
		settle(&ways[f]);
		atomic_store(&ways[f].settled, true);
		pthread_join(ways[f].receiving, NULL);
	}
}

void sender_run(int pair)
{
	struct pair *p = &shared->pair[pair];

	for (int f = 0; f < FAMILIES; f++)
		way_open(&ways[f], pair, f);
	while (turn_await(p, SENDER_SENDS)) {
		play_round();
		atomic_store(&p->turn, READER_DESTROYS);
	}
}
