/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up the name and the hardware type of an interface by its index. Knows nothing of
 * packets.
 *
 * The kernel is asked by ioctl(2) on the program's own socket. A socket for link events
 * (as libnfnetlink's nlif_* functions use) would be a second descriptor, which the
 * program does not know about: the program may close it and open a file that gets the
 * same number, a forked child would share its events, and it would have the port ID that
 * programs bind their own NETLINK_ROUTE sockets to. */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "clock.h"
#include "links.h"
#include "nfqueue.h"

/* The longest time for which a name is used without asking the kernel again, in the units
 * of clock_now. */
#define MAX_AGE 40

struct link {
	uint32_t read_at;
	uint32_t hw_type;
	union {
		char name[IF_NAMESIZE];
		unsigned long word[LINKS_NAME_WORDS];
	};
};

/* All loads acquire and all stores release: a reader that sees a new value also sees the
 * sequence number that was stored before it. */
#define LOAD(value) atomic_load_explicit(&(value), memory_order_acquire)
#define STORE(value, to) atomic_store_explicit(&(value), to, memory_order_release)

static bool load(struct links_slot *slot, uint32_t ifindex, struct link *link)
{
	uint32_t sequence = LOAD(slot->sequence);

	if (LOAD(slot->ifindex) != ifindex)
		return false;
	link->read_at = LOAD(slot->read_at);
	link->hw_type = LOAD(slot->hw_type);
	for (size_t i = 0; i < LINKS_NAME_WORDS; i++)
		link->word[i] = LOAD(slot->name[i]);
	return sequence % 2 == 0 && LOAD(slot->sequence) == sequence;
}

/* Does nothing if another thread is writing the slot: its value is as good. */
static void store(struct links_slot *slot, uint32_t ifindex,
		  const struct link *link)
{
	uint32_t sequence = LOAD(slot->sequence);

	if (sequence % 2 ||
	    !atomic_compare_exchange_strong(&slot->sequence, &sequence, sequence + 1))
		return;
	STORE(slot->ifindex, ifindex);
	STORE(slot->read_at, link->read_at);
	STORE(slot->hw_type, link->hw_type);
	for (size_t i = 0; i < LINKS_NAME_WORDS; i++)
		STORE(slot->name[i], link->word[i]);
	STORE(slot->sequence, sequence + 2);
}

/* Leaves link unchanged, and sets errno, if the interface is gone or the ioctl(2)
 * fails. */
static void ask_over(int fd, uint32_t ifindex, struct link *link)
{
	struct ifreq name = { .ifr_ifindex = ifindex };
	struct ifreq type = { 0 };

	if (ioctl(fd, SIOCGIFNAME, &name))
		return;
	memcpy(link->name, name.ifr_name, sizeof(link->name));
	memcpy(type.ifr_name, name.ifr_name, sizeof(type.ifr_name));
	if (!ioctl(fd, SIOCGIFHWADDR, &type))
		link->hw_type = type.ifr_hwaddr.sa_family;
}

/* Whether the socket fd is in this thread's network namespace. The port ID of the socket
 * is in use in its own namespace, and rarely in another one. */
static bool is_here(int fd)
{
	uint64_t network = nfqueue_network(fd);

	return nfqueue_is_here(network) &&
	       !nfqueue_port_id_unused(nfqueue_port_id(fd), network);
}

/* Netlink sockets accept ioctls about devices since Linux 4.6 (netlink_ioctl). Before, a
 * socket of another kind is needed, which gives the right answer only if it is opened in
 * the same namespace. */
static void ask(int fd, uint32_t ifindex, struct link *link)
{
	int other, saved = errno;

	errno = 0;
	ask_over(fd, ifindex, link);
	if (errno == EOPNOTSUPP && is_here(fd)) {
		other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (other >= 0) {
			ask_over(other, ifindex, link);
			close(other);
		}
	}
	errno = saved;
}

void links_find(struct links *links, int fd, uint32_t ifindex,
		char name[IF_NAMESIZE], uint16_t *hw_type)
{
	struct links_slot *slot = &links->slot[ifindex % LINKS_SLOTS];
	uint32_t time = clock_now();
	struct link link;
	bool known = load(slot, ifindex, &link);

	if (!known)
		link = (struct link) { .hw_type = 0 };
	if (!known || time - link.read_at >= MAX_AGE) {
		ask(fd, ifindex, &link);
		link.read_at = time;
		store(slot, ifindex, &link);
	}
	memcpy(name, link.name, sizeof(link.name));
	if (hw_type)
		*hw_type = link.hw_type;
}
