/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces by number: name and hardware type. Knows nothing of packets. */
#ifndef IPQ_LINKS_H
#define IPQ_LINKS_H

#include <stdint.h>
#include <net/if.h>

#define LINKS_SLOTS 16

#define LINKS_NAME_WORDS (IF_NAMESIZE / sizeof(long))

/* Any thread may read and write a slot, and a signal handler too: sequence is
 * odd while one writes. */
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

/* The interface ifindex of the network namespace of fd, a socket: its name, at
 * most 50 ms old, and hardware type (ARPHRD_*; NULL if not wanted). One that is
 * gone keeps what was last known of it; one never seen has no name. */
void links_find(struct links *links, int fd, uint32_t ifindex,
		char name[IF_NAMESIZE], uint16_t *hw_type);

#endif
