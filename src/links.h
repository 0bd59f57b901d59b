/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up the name and the hardware type of an interface by its index. Knows nothing of
 * packets. */
#ifndef IPQ_LINKS_H
#define IPQ_LINKS_H

#include <stdint.h>
#include <net/if.h>

#define LINKS_SLOTS 16

#define LINKS_NAME_WORDS (IF_NAMESIZE / sizeof(long))

/* Any thread, and any signal handler, may read and write a slot. The sequence number is
 * odd while the slot is being written. */
struct links_slot {
	_Atomic uint32_t sequence;
	_Atomic uint32_t ifindex;
	_Atomic uint32_t read_at;	/* clock_now */
	_Atomic uint32_t hw_type;	/* ARPHRD_* */
	_Atomic unsigned long name[LINKS_NAME_WORDS];
};

struct links {
	struct links_slot slot[LINKS_SLOTS];
};

/* Looks up the interface with the index ifindex in the network namespace of the socket
 * fd. name is at most about 40 ms old. hw_type is the hardware type (ARPHRD_*), or NULL
 * if it is not needed. If the interface is gone, returns what was last known of it; name
 * is empty if nothing was. */
void links_find(struct links *links, int fd, uint32_t ifindex,
		char name[IF_NAMESIZE], uint16_t *hw_type);

#endif
