/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces by number: name and hardware type. Knows nothing of packets.
 *
 * The kernel is asked over the program's own socket. A socket for link events
 * (libnfnetlink's nlif_*) would be a second descriptor that the program does
 * not know of: it may close it and open its own file in that place, a forked
 * child would share its events, and its port id would be the one programs
 * bind their own NETLINK_ROUTE sockets to. */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <sys/ioctl.h>

#include "links.h"

#define MAX_AGE 50

/* In units of about a millisecond. No system call: clock_gettime of a coarse
 * clock is in the vDSO. */
static uint32_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint32_t)ts.tv_sec << 10 | ts.tv_nsec >> 20;
}

static bool load(struct links *links, uint32_t ifindex, struct link *link)
{
	struct links_slot *slot = &links->slot[ifindex % LINKS_SLOTS];
	unsigned long word[LINKS_WORDS];
	uint32_t sequence = atomic_load_explicit(&slot->sequence, memory_order_acquire);

	/* acquire, so that a word written later shows its sequence as well */
	for (size_t i = 0; i < LINKS_WORDS; i++)
		word[i] = atomic_load_explicit(&slot->word[i], memory_order_acquire);
	if (sequence % 2 ||
	    sequence != atomic_load_explicit(&slot->sequence, memory_order_relaxed))
		return false;
	memcpy(link, word, sizeof(*link));
	return link->ifindex == ifindex;
}

/* Whoever comes second leaves it: what the first stores is as good. */
static void store(struct links *links, const struct link *link)
{
	struct links_slot *slot = &links->slot[link->ifindex % LINKS_SLOTS];
	unsigned long word[LINKS_WORDS];
	uint32_t sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);

	if (sequence % 2 ||
	    !atomic_compare_exchange_strong(&slot->sequence, &sequence, sequence + 1))
		return;
	word[LINKS_WORDS - 1] = 0;
	memcpy(word, link, sizeof(*link));
	for (size_t i = 0; i < LINKS_WORDS; i++)
		atomic_store_explicit(&slot->word[i], word[i], memory_order_release);
	atomic_store_explicit(&slot->sequence, sequence + 2, memory_order_release);
}

/* Leaves link as it is when the interface is gone. */
static void ask(int fd, struct link *link)
{
	struct ifreq name = { .ifr_ifindex = link->ifindex };
	struct ifreq type = { 0 };
	int saved = errno;

	if (!ioctl(fd, SIOCGIFNAME, &name)) {
		memcpy(link->name, name.ifr_name, sizeof(link->name));
		memcpy(type.ifr_name, name.ifr_name, sizeof(type.ifr_name));
		if (!ioctl(fd, SIOCGIFHWADDR, &type))
			link->hw_type = type.ifr_hwaddr.sa_family;
	}
	errno = saved;
}

void links_find(struct links *links, int fd, uint32_t ifindex,
		char name[IF_NAMESIZE], uint16_t *hw_type)
{
	uint32_t time = now();
	struct link link;
	bool known = load(links, ifindex, &link);

	if (!known)
		link = (struct link) { .ifindex = ifindex };
	if (!known || time - link.read_at >= MAX_AGE) {
		ask(fd, &link);
		link.read_at = time;
		store(links, &link);
	}
	memcpy(name, link.name, sizeof(link.name));
	if (hw_type)
		*hw_type = link.hw_type;
}
