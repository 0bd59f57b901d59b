/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of a pair: handles of both families, read by several threads that decide
 * late and out of order, and change packets that they accept. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libipq.h>
#include <linux/netfilter.h>

#include "soak.h"

/* The number of packets that a thread keeps undecided, and the longest time. */
#define KEPT 24
#define DELAY_US 5000

struct thread {
	pthread_t id;
	struct ipq_handle *handle;
	struct account *account;
	int family;
	int count;
	struct kept {
		uint64_t due;
		union {
			struct nlmsghdr nlh;
			unsigned char buf[SIZE_MAX_SENT + 256];
		};
	} kept[KEPT];
};

static struct thread threads[FAMILIES][READERS];
static atomic_bool enough;

static void verdict(struct thread *t, const ipq_packet_msg_t *p, unsigned int value,
		    size_t len, unsigned char *data)
{
	int n = ipq_set_verdict(t->handle, p->packet_id, value, len, data);

	if (n <= (int)len)
		fail("ipq_set_verdict: %d: %s: %s", n, ipq_errstr(), strerror(errno));
}

/* Accepts the packet with other content, usually of another length. */
static void accept_changed(struct thread *t, ipq_packet_msg_t *p)
{
	unsigned char *data = p->payload + HEADERS(t->family);
	struct content c;

	memcpy(&c, data, sizeof(c));
	c.changed = 1;
	c.len = sizeof(c) + random_below(2 * (c.len - sizeof(c)) + 1);
	if (c.len > SIZE_MAX_SENT - (unsigned int)HEADERS(t->family))
		c.len = SIZE_MAX_SENT - HEADERS(t->family);
	content_fill(data, &c);
	packet_seal(p->payload, HEADERS(t->family) + c.len, t->family);
	atomic_fetch_add(&t->account->changed, 1);
	verdict(t, p, NF_ACCEPT, HEADERS(t->family) + c.len, p->payload);
}

static void decide(struct thread *t, int i)
{
	ipq_packet_msg_t *p = ipq_get_packet(t->kept[i].buf);
	uint32_t way = random_below(10);

	if (way == 0) {
		atomic_fetch_add(&t->account->dropped, 1);
		verdict(t, p, NF_DROP, 0, NULL);
	} else if (way < 4 && p->data_len >= HEADERS(t->family) + sizeof(struct content)) {
		accept_changed(t, p);
	} else {
		atomic_fetch_add(&t->account->accepted, 1);
		verdict(t, p, NF_ACCEPT, 0, NULL);
	}
	/* move the last packet to its place */
	t->count--;
	if (i != t->count)
		memcpy(&t->kept[i], &t->kept[t->count], sizeof(t->kept[i]));
}

static void decide_due(struct thread *t)
{
	uint64_t now = now_us();

	if (t->count == KEPT)
		decide(t, random_below(KEPT));
	for (int i = t->count - 1; i >= 0; i--)
		if (t->kept[i].due <= now)
			decide(t, i);
}

static void check(struct thread *t, struct kept *k)
{
	ipq_packet_msg_t *p = ipq_get_packet(k->buf);
	size_t headers = HEADERS(t->family);
	struct content c;

	if (ipq_message_type(k->buf) != IPQM_PACKET)
		fail("ipq_read: error message %d", ipq_get_msgerr(k->buf));
	if (p->data_len < headers || p->data_len > SIZE_MAX_SENT)
		fail("ipq_read: a packet of %zu bytes", p->data_len);
	if (strcmp(p->outdev_name, "lo") || p->indev_name[0])
		fail("ipq_read: a packet from %s to %s", p->indev_name, p->outdev_name);
	if (p->data_len < headers + sizeof(c))
		return;
	if (!content_is_whole(p->payload + headers, p->data_len - headers, &c) || c.changed)
		fail("ipq_read: a packet is damaged");
	histogram_add(&shared->to_reader, now_us() - c.sent_at);
}

static void *read_and_decide(void *arg)
{
	struct thread *t = arg;

	while (!atomic_load(&enough) || t->count) {
		struct kept *k = &t->kept[t->count];
		ssize_t n = ipq_read(t->handle, k->buf, sizeof(k->buf),
				     t->count ? 500 : 20000);

		if (n < 0)
			fail("ipq_read: %s: %s", ipq_errstr(), strerror(errno));
		if (n > 0) {
			check(t, k);
			k->due = now_us() + random_below(DELAY_US);
			t->count++;
		}
		decide_due(t);
	}
	return NULL;
}

static struct ipq_handle *make_handle(int family)
{
	struct ipq_handle *h = ipq_create_handle(0, family ? PF_INET6 : PF_INET);

	if (!h || ipq_set_mode(h, IPQ_COPY_PACKET, 0) < 0)
		fail("a handle: %s: %s", ipq_errstr(), strerror(errno));
	return h;
}

static void make_handles(struct pair *p)
{
	atomic_store(&enough, false);
	for (int f = 0; f < FAMILIES; f++) {
		struct ipq_handle *h = make_handle(f);

		for (int i = 0; i < READERS; i++) {
			struct thread *t = &threads[f][i];

			t->handle = h;
			t->family = f;
			t->account = &p->account[f];
			if (pthread_create(&t->id, NULL, read_and_decide, t))
				fail("no thread");
		}
	}
}

static void destroy_handles(void)
{
	atomic_store(&enough, true);
	for (int f = 0; f < FAMILIES; f++) {
		for (int i = 0; i < READERS; i++)
			pthread_join(threads[f][i].id, NULL);
		ipq_destroy_handle(threads[f][0].handle);
	}
}

static long resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (!file || fscanf(file, "%*s %ld", &pages) != 1)
		fail("statm");
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (dir && readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* The third round is the reference: before, memory is allocated that is
 * used from then on. */
static void measure(struct pair *p)
{
	p->rss = resident_kib();
	p->files = open_files();
	if (p->rounds++ < 3) {
		p->rss_first = p->rss;
		p->files_first = p->files;
	}
}

void reader_run(int pair)
{
	struct pair *p = &shared->pair[pair];
	char number[16];

	snprintf(number, sizeof(number), "%d", QUEUE(pair, 0));
	setenv("LIBIPQ_QUEUE", number, 1);
	snprintf(number, sizeof(number), "%d", QUEUE(pair, 1));
	setenv("LIBIPQ_QUEUE6", number, 1);
	/* one pair has a short queue, another a small receive buffer, so that
	 * packets are lost */
	if (pair == 1)
		setenv("LIBIPQ_MAXLEN", "30", 1);
	if (pair == 2)
		setenv("LIBIPQ_RCVBUF", "65536", 1);
	/* all pages are resident from the start */
	memset(threads, 1, sizeof(threads));
	for (int f = 0; f < FAMILIES; f++)
		for (int i = 0; i < READERS; i++)
			threads[f][i].count = 0;

	while (turn_await(p, READER_MAKES)) {
		make_handles(p);
		atomic_store(&p->turn, SENDER_SENDS);
		if (!turn_await(p, READER_DESTROYS))
			break;
		destroy_handles();
		measure(p);
		atomic_store(&p->turn, atomic_load(&shared->stop) ? OVER : READER_MAKES);
	}
}
