/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces by number: name and hardware type. Knows nothing of packets. */
#ifndef IPQ_LINKS_H
#define IPQ_LINKS_H

#include <stdint.h>
#include <net/if.h>

#define LINKS_SLOTS 16
#define LINKS_WORDS 7

/* Any thread may read and write a slot, and a signal handler too: sequence is
 * odd while one does. */
struct links {
	struct {
		_Atomic uint32_t sequence;
		_Atomic uint32_t word[LINKS_WORDS];
	} slot[LINKS_SLOTS];
};

struct link {
	uint32_t ifindex;
	uint32_t read_at;	/* ms */
	uint32_t hw_type;	/* ARPHRD_* */
	char name[IF_NAMESIZE];
};

/* The interface ifindex of the network namespace of fd, a socket; no older
 * than 50 ms. An interface that is gone keeps what was last known of it; one
 * never seen has no name. */
void links_find(struct links *links, int fd, uint32_t ifindex,
		struct link *link);

#endif
