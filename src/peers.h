/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handles of this program, and the queue numbers that each of them has. They are in
 * memory that forked processes share, as they share the sockets. Knows nothing of
 * packets. */
#ifndef IPQ_PEERS_H
#define IPQ_PEERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How the packet id that the program sees is made from the kernel's. */
enum peer_ids {
	IDS_AS_THEY_ARE,
	IDS_WITH_QUEUE,		/* the upper half is the queue number */
	IDS_MOVED,		/* a mover has the numbers now, see sharing.c */
};

/* The most packets read before the numbers were given up that keep their ids. */
#define PEER_OLD_MAX 256

/* Set in the ids of packets that come later: the kernel's own ids begin at 1, and reach
 * this bit after 2,147,483,647 packets. */
#define PEER_ID_MOVED (1u << 31)

/* OWNER_CLAIMS: the claim is made, and the kernel has not been told yet. */
enum peer_owner { OWNER_NOT, OWNER_CLAIMS, OWNER_CLAIMED };

struct peer {
	_Atomic uint32_t port_id;	/* of its socket; 0: unused */
	_Atomic int fd;			/* the descriptor of its socket */
	_Atomic uint8_t family;		/* AF_INET or AF_INET6 */
	_Atomic uint8_t mode;		/* IPQ_COPY_*, as last requested */
	_Atomic uint32_t range;		/* the copy range in bytes, as last requested */
	_Atomic uint32_t maxlen;	/* packets that may wait in each number */
	_Atomic uint32_t flags;		/* NFQA_CFG_F_* */
	_Atomic uint16_t first, last;	/* its queue numbers, by the setting */
	_Atomic uint16_t number;	/* the one by which its packets arrive */
	_Atomic uint8_t owner;		/* enum peer_owner: whether it has claimed them */
	atomic_bool is_private;		/* number is a private one, as a mover owns the others */
	_Atomic uint16_t door;		/* the first number that the mover owns */
	_Atomic uint8_t ids;		/* enum peer_ids */
	atomic_bool has_stale;		/* its socket may hold older messages (take.h) */
	atomic_uint ends;		/* reads that the program wants to end (ends.h), */
	atomic_uint ends_due;		/* and how many of them have no mark in the socket */
	atomic_bool noticed;		/* foreign packets are, or need not be, reported */
	_Atomic uint64_t network;	/* the network namespace of its socket */
	_Atomic uint32_t shown;		/* the port ID that the program sees, or 0 */
	_Atomic int32_t process;	/* the process that opened the socket, */
	_Atomic uint64_t processes;	/* and its PID namespace */
	atomic_bool closed;		/* that process has closed the socket */
	_Atomic uint64_t delivered;	/* packets given to the program */
	_Atomic uint64_t foreign;	/* packets of the other family that arrived here */
	_Atomic uint32_t payload_place;	/* see receive.c */
	_Atomic uint32_t last_given;	/* the kernel's id of the last packet given */
	/* The packets that had no verdict when the numbers were given up: the kernel's
	 * new id of the nth is n + 1, and the program knows it by old[n]. */
	_Atomic uint32_t old_count;
	_Atomic uint32_t old[PEER_OLD_MAX];
};

/* Returns the entry of the socket with this port ID in this network namespace. If there
 * is none, makes one, which has no family yet. Returns NULL and errno on failure: ENOMEM,
 * or EMFILE if there are too many. */
struct peer *peers_enter(uint32_t port_id, uint64_t network);

/* Returns the index of the entry, less than PEERS_MAX. No other socket has the same index
 * while this one is open. */
#define PEERS_MAX 4096
unsigned int peers_place(const struct peer *p);

/* Sets up the entry for a new socket, and forgets an earlier one with the same port ID.
 * process is the id of the process that opened the socket, in this PID namespace. */
void peers_reset(struct peer *p, uint8_t family, int fd, pid_t process);

/* Sets the queue numbers that the socket will claim. */
void peers_set_numbers(struct peer *p, uint16_t first, uint16_t last);

/* Private numbers are the last ones, which people use least. */
#define PEERS_PRIVATE_NUMBERS 1024
#define PEERS_PRIVATE_FIRST (UINT16_MAX + 1 - PEERS_PRIVATE_NUMBERS)

/* Call when the packets of p arrive by this private number from now on. */
void peers_set_private(struct peer *p, uint16_t number);

/* Returns the entry with this port ID, NULL if there is none. */
struct peer *peers_find(uint32_t port_id, uint64_t network);

/* Returns the handle of the family in the network namespace that has claimed a number
 * between first and last. Returns NULL if there is none, or if its socket is gone. */
struct peer *peers_find_owner(uint8_t family, uint64_t network, uint16_t first,
			      uint16_t last);

/* Returns the next such handle after p (the first, if p is NULL), even if its socket is
 * gone. Makes no system call and takes no lock. */
struct peer *peers_next_owner(struct peer *p, uint8_t family, uint64_t network,
			      uint16_t first, uint16_t last);

/* Whether any handle has claimed a number, even if its socket is gone. */
bool peers_have_owner(void);

/* Returns a handle of the family that this process has open and that has a number between
 * first and last, claimed or not. Returns NULL if there is none. */
struct peer *peers_find_open(uint8_t family, uint64_t network, uint16_t first,
			     uint16_t last);

/* Whether this process has another handle of the family, with another port ID, that has a
 * number between first and last. */
bool peers_has_other(uint8_t family, uint64_t network, uint16_t first, uint16_t last,
		     uint32_t port_id);

/* Whether no process has the socket of p open any more, as far as can be found out. */
bool peers_is_gone(const struct peer *p);

/* Call when this process closes the socket of p. */
void peers_close(struct peer *p);

/* Returns the descriptor noted in p. For a supervised program, returns a duplicate of its
 * socket, which is valid while the system call is carried out, or -1. */
int peers_descriptor(const struct peer *p);

/* Whether that descriptor is the socket of p in this process. */
bool peers_reachable(const struct peer *p);

/* Notes that fd is the socket of p: the program may have moved it to another descriptor.
 * Only the process that opened it does so, since other processes look for the socket
 * there. */
void peers_follow(struct peer *p, int fd);

/* Hold this lock to open a socket, or to claim or give up queue numbers. Waiting for the
 * lock ends after a while: its holder may have been killed, or may have been interrupted
 * by the signal handler that waits. Returns false and errno if there is no memory for
 * handles. */
bool peers_lock(void);
void peers_unlock(void);

#endif
