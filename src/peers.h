/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handles of this program, and which has which queue number. In memory that
 * forked processes share, as they share the sockets. Knows nothing of packets. */
#ifndef IPQ_PEERS_H
#define IPQ_PEERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How the ids that the program sees are made of the kernel's. */
enum peer_ids {
	IDS_AS_THEY_ARE,
	IDS_WITH_QUEUE,		/* the number a packet came by is the upper half */
	IDS_MOVED,		/* the numbers were given up, see claims.c */
};

/* Of the packets that the program had before that. */
#define PEER_OLD_MAX 256

/* Set in all ids then, which no kernel's are for a long time. */
#define PEER_ID_MOVED (1u << 31)

/* Between the two the kernel knows nothing of it yet. */
enum peer_owner { OWNER_NOT, OWNER_CLAIMS, OWNER_CLAIMED };

struct peer {
	_Atomic uint32_t port_id;	/* of its socket; 0: unused */
	_Atomic int fd;			/* where it was opened, or is now */
	_Atomic uint8_t family;
	_Atomic uint8_t mode;		/* IPQ_COPY_*, as last asked for */
	_Atomic uint32_t range;		/* bytes of a packet, likewise */
	_Atomic uint32_t maxlen;	/* packets that may wait in each number */
	_Atomic uint32_t flags;		/* NFQA_CFG_F_* */
	_Atomic uint16_t first, last;	/* the queue numbers it means */
	_Atomic uint16_t number;	/* the one its packets come by */
	_Atomic uint8_t owner;		/* enum peer_owner: it has claimed them */
	atomic_bool is_private;		/* number is none of them: a mover has those, */
	_Atomic uint16_t door;		/* and this is the first that it has */
	_Atomic uint8_t ids;		/* enum peer_ids */
	atomic_bool has_stale;		/* messages of before may be in its socket */
	atomic_uint ends;		/* reads to end, */
	atomic_uint ends_due;		/* and those whose mark is not in the socket */
	atomic_bool noticed;		/* that it drops packets, on stderr */
	_Atomic uint64_t network;	/* the network namespace of its socket */
	_Atomic uint32_t shown;		/* the port id the program is told of; 0: none yet */
	_Atomic int32_t process;	/* that opened it, */
	_Atomic uint64_t processes;	/* and the PID namespace it is in */
	atomic_bool closed;		/* by that process */
	_Atomic uint64_t delivered;	/* packets given to the program */
	_Atomic uint64_t foreign;	/* packets that were not for it */
	_Atomic uint32_t payload_place;	/* see take.c */
	_Atomic uint32_t last_given;	/* the kernel's id of the last packet given */
	_Atomic uint32_t old_count;	/* packets that were moved undecided: the nth has */
	_Atomic uint32_t old[PEER_OLD_MAX];	/* got n + 1 as its id, and had this */
};

/* That of the socket with the port id in the network namespace; a new one has no
 * family. NULL and errno: ENOMEM, EMFILE for too many. */
struct peer *peers_enter(uint32_t port_id, uint64_t network);

/* Forgets what was of an earlier socket with the port id. The process that has opened
 * this one is process, in this PID namespace. */
void peers_reset(struct peer *p, uint8_t family, int fd, pid_t process);

/* Gives it the numbers it is to claim. */
void peers_set_numbers(struct peer *p, uint16_t first, uint16_t last);

/* Private numbers are looked for among the last ones, which people use least. */
#define PEERS_PRIVATE_NUMBERS 1024
#define PEERS_PRIVATE_FIRST (UINT16_MAX + 1 - PEERS_PRIVATE_NUMBERS)

/* Its packets come by a private one. */
void peers_set_private(struct peer *p, uint16_t number);

/* Whether there is one with the port id. */
bool peers_know(uint32_t port_id, uint64_t network);

/* The one of the family in the network namespace that has claimed a number from
 * first to last. NULL if there is none, or its socket is gone. */
struct peer *peers_find_owner(uint8_t family, uint64_t network, uint16_t first,
			      uint16_t last);

/* The same among those after p (NULL: all), whether its socket is there or not. Calls
 * nothing. */
struct peer *peers_next_owner(struct peer *p, uint8_t family, uint64_t network,
			      uint16_t first, uint16_t last);

/* One of the family that this process has open and that means such a number, claimed or
 * not. NULL if there is none. */
struct peer *peers_find_open(uint8_t family, uint64_t network, uint16_t first,
			     uint16_t last);

/* Whether this process has one of the family, with another port id, that means such a
 * number. */
bool peers_has_other(uint8_t family, uint64_t network, uint16_t first, uint16_t last,
		     uint32_t port_id);

/* Whether nobody has p's socket any more, as far as can be told. */
bool peers_is_gone(const struct peer *p);

/* This process closes p's socket. */
void peers_close(struct peer *p);

/* Whether p's descriptor is its socket in this process. */
bool peers_reachable(const struct peer *p);

/* Whether the process that opened p's socket, here at fd, is another and has it still
 * (or does not let us look, or is in another PID namespace). */
bool peers_has_opener(const struct peer *p, int fd);

/* fd is its socket, which the program may have moved since it was opened. Where the
 * opener has it others look for it too: a forked process's own is not for them. */
void peers_follow(struct peer *p, int fd);

/* One at a time opens, claims, passes on or takes over numbers. Gives up waiting after a
 * while: the other may have been killed, or be what a signal interrupted. False and
 * errno if there is no memory for handles. */
bool peers_lock(void);
void peers_unlock(void);

#endif
