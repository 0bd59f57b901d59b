/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contents of packets, clocks and latencies, for both sides of the soak test. */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"

struct shared *shared;

void fail(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "soak: process %d: ", getpid());
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	atomic_store(&shared->failed, true);
	_exit(1);
}

uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

uint32_t random_below(uint32_t limit)
{
	static _Thread_local uint64_t state;

	if (!state)
		state = now_us() ^ (uint64_t)(uintptr_t)&state << 20 ^ getpid();
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (state >> 33) % limit;
}

bool turn_await(struct pair *p, enum turn turn)
{
	uint64_t limit = now_us() + (ROUND + PATIENCE + 10) * 1000000ULL;

	while (atomic_load(&p->turn) != turn) {
		if (atomic_load(&p->turn) == OVER || atomic_load(&shared->failed))
			return false;
		if (now_us() > limit)
			fail("turn %d does not come", turn);
		usleep(1000);
	}
	return true;
}

static unsigned char pattern(const struct content *c, size_t i)
{
	return (c->number * 31 + i * 7) ^ (c->changed ? 0x5a : 0);
}

void content_fill(unsigned char *data, const struct content *c)
{
	memcpy(data, c, sizeof(*c));
	for (size_t i = sizeof(*c); i < c->len; i++)
		data[i] = pattern(c, i);
}

bool content_is_whole(const unsigned char *data, size_t len, struct content *c)
{
	memcpy(c, data, sizeof(*c));
	if (c->len != len)
		return false;
	for (size_t i = sizeof(*c); i < len; i++)
		if (data[i] != pattern(c, i))
			return false;
	return true;
}

static uint32_t sum(uint32_t total, const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		total += i % 2 ? data[i] : data[i] << 8;
		total = (total & 0xffff) + (total >> 16);
	}
	return total;
}

void packet_seal(unsigned char *packet, size_t len, int family)
{
	size_t ip_len = family ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);
	struct udphdr *udp = (struct udphdr *)(packet + ip_len);
	struct iphdr *ip = (struct iphdr *)packet;
	struct ip6_hdr *ip6 = (struct ip6_hdr *)packet;
	uint32_t addresses;

	udp->len = htons(len - ip_len);
	if (family) {
		ip6->ip6_plen = udp->len;
		addresses = sum(0, (unsigned char *)&ip6->ip6_src, 32);
	} else {
		ip->tot_len = htons(len);
		ip->check = 0;
		ip->check = htons(~sum(0, packet, ip_len));
		addresses = sum(0, (unsigned char *)&ip->saddr, 8);
	}
	udp->check = 0;
	udp->check = htons(~sum(addresses + IPPROTO_UDP + (len - ip_len),
				(unsigned char *)udp, len - ip_len));
	if (!udp->check)
		udp->check = 0xffff;
}

void histogram_add(struct histogram *h, uint64_t us)
{
	int power = us < 4 ? 1 : 63 - __builtin_clzll(us);
	unsigned int bucket = us < 4 ? us : power * 4 + (us >> (power - 2) & 3) - 4;
	unsigned long max = atomic_load(&h->max);

	atomic_fetch_add(&h->count[bucket < BUCKETS ? bucket : BUCKETS - 1], 1);
	while (us > max && !atomic_compare_exchange_weak(&h->max, &max, us))
		;
}

/* Returns the greatest value that belongs to a bucket. */
static unsigned long bucket_end(unsigned int bucket)
{
	unsigned int power = bucket / 4 + 1;

	if (bucket < 4)
		return bucket;
	return (((bucket & 3) + 5UL) << (power - 2)) - 1;
}

void histogram_print(const struct histogram *h, const char *name)
{
	static const double wanted[] = { 50, 90, 99, 99.9 };
	unsigned long all = 0;

	for (int i = 0; i < BUCKETS; i++)
		all += h->count[i];
	printf("latency, %s, us:", name);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		unsigned long seen = 0;
		int bucket = -1;

		while (bucket < BUCKETS - 1 && seen < all * wanted[i] / 100)
			seen += h->count[++bucket];
		printf(" p%g %lu", wanted[i], bucket < 0 ? 0 : bucket_end(bucket));
	}
	printf(" max %lu\n", h->max);
}
