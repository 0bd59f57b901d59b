/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handles of this program, and the queue numbers that each of them has. They are in
 * memory that forked processes share, as they share the sockets. Knows nothing of
 * packets. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "clock.h"
#include "nfqueue.h"
#include "peers.h"

/* How long to wait for the lock, in units of clock_now. It is held for some microseconds,
 * but its holder may not be running for a while. */
#define LOCK_MAX 1000

struct table {
	struct peer peer[PEERS_MAX];
	atomic_bool is_locked;
};

static _Atomic(struct table *) table;

static struct table *get_table(void)
{
	struct table *now = atomic_load(&table), *new;

	if (now)
		return now;
	new = mmap(NULL, sizeof(*new), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (new == MAP_FAILED)
		return NULL;
	if (atomic_compare_exchange_strong(&table, &now, new))
		return new;
	munmap(new, sizeof(*new));
	return now;
}

/* The entries in use are the first ones. */
static struct peer *first_used(void)
{
	return atomic_load(&table)->peer;
}

static bool is_used(const struct peer *p)
{
	return p < first_used() + PEERS_MAX && p->port_id;
}

/* The inode of the PID namespace, 0 if unknown. A process id identifies a process only
 * within its PID namespace. */
static uint64_t pid_namespace(void)
{
	int saved = errno;
	struct stat st = { .st_ino = 0 };

	if (stat("/proc/self/ns/pid", &st))
		st.st_ino = 0;
	errno = saved;
	return st.st_ino;
}

static bool is_own(const struct peer *p)
{
	return p->process == getpid() && p->processes == pid_namespace();
}

/* The socket may be open in another process, or as another descriptor in this one. If it
 * is in another network namespace, that cannot be checked, and the socket counts as gone
 * when the process that opened it has closed it. */
bool peers_is_gone(const struct peer *p)
{
	if (peers_reachable(p))
		return false;
	return nfqueue_is_here(p->network) ?
	       nfqueue_port_id_unused(p->port_id, p->network) : p->closed;
}

void peers_close(struct peer *p)
{
	if (is_own(p))
		p->closed = true;
}

static bool take(struct peer *p, uint32_t old, uint32_t port_id)
{
	return atomic_compare_exchange_strong(&p->port_id, &old, port_id);
}

struct peer *peers_find(uint32_t port_id, uint64_t network)
{
	struct table *t = atomic_load(&table);

	for (struct peer *p = t ? t->peer : NULL; p && is_used(p); p++)
		if (p->port_id == port_id && p->network == network && p->family)
			return p;
	return NULL;
}

struct peer *peers_enter(uint32_t port_id, uint64_t network)
{
	struct table *t = get_table();
	struct peer *p;

	if (!t)
		return NULL;
	for (p = t->peer; p < t->peer + PEERS_MAX; p++)
		if (p->port_id == port_id && p->network == network)
			return p;
	for (p = t->peer; p < t->peer + PEERS_MAX; p++)
		if (take(p, 0, port_id)) {
			p->network = network;
			return p;
		}
	for (p = t->peer; p < t->peer + PEERS_MAX; p++)
		if (peers_is_gone(p) && take(p, p->port_id, port_id)) {
			p->family = 0;
			p->network = network;
			return p;
		}
	errno = EMFILE;
	return NULL;
}

unsigned int peers_place(const struct peer *p)
{
	return p - first_used();
}

void peers_set_numbers(struct peer *p, uint16_t first, uint16_t last)
{
	p->first = first;
	p->number = first;
	p->last = last;
	p->door = first;
	p->is_private = false;
	p->last_given = 0;
	p->old_count = 0;
	p->ids = first == last ? IDS_AS_THEY_ARE : IDS_WITH_QUEUE;
}

void peers_set_private(struct peer *p, uint16_t number)
{
	p->number = number;
	p->is_private = true;
	p->ids = IDS_AS_THEY_ARE;
}

void peers_reset(struct peer *p, uint8_t family, int fd, pid_t process)
{
	p->owner = OWNER_NOT;
	p->has_stale = false;
	p->ends = p->ends_due = 0;
	p->mode = 0;
	p->range = 0;
	p->family = family;
	p->fd = fd;
	p->shown = 0;
	p->process = process;
	p->processes = pid_namespace();
	p->closed = false;
	p->delivered = p->foreign = 0;
	p->payload_place = 0;
}

static bool means(const struct peer *p, uint8_t family, uint64_t network, uint16_t first,
		  uint16_t last)
{
	return p->family == family && p->network == network && p->first <= last &&
	       p->last >= first;
}

struct peer *peers_next_owner(struct peer *p, uint8_t family, uint64_t network,
			      uint16_t first, uint16_t last)
{
	for (p = p ? p + 1 : first_used(); is_used(p); p++)
		if (p->owner && means(p, family, network, first, last))
			return p;
	return NULL;
}

struct peer *peers_find_owner(uint8_t family, uint64_t network, uint16_t first,
			      uint16_t last)
{
	struct peer *p = NULL;

	while ((p = peers_next_owner(p, family, network, first, last)) && peers_is_gone(p))
		p->owner = OWNER_NOT;
	return p;
}

bool peers_have_owner(void)
{
	for (struct peer *p = first_used(); is_used(p); p++)
		if (p->owner)
			return true;
	return false;
}

struct peer *peers_find_open(uint8_t family, uint64_t network, uint16_t first,
			     uint16_t last)
{
	for (struct peer *p = first_used(); is_used(p); p++)
		if (means(p, family, network, first, last) && peers_reachable(p))
			return p;
	return NULL;
}

bool peers_has_other(uint8_t family, uint64_t network, uint16_t first, uint16_t last,
		     uint32_t port_id)
{
	for (struct peer *p = first_used(); is_used(p); p++)
		if (p->port_id != port_id && means(p, family, network, first, last) &&
		    is_own(p) && !peers_is_gone(p))
			return true;
	return false;
}

int peers_descriptor(const struct peer *p)
{
#ifdef SUPERVISE
	return served_socket(p->port_id, p->network);
#else
	return p->fd;
#endif
}

bool peers_reachable(const struct peer *p)
{
	int fd = peers_descriptor(p);

	return nfqueue_port_id(fd) == p->port_id && nfqueue_network(fd) == p->network;
}

/* Whether another process opened the socket of p, and may still have it open. */
static bool may_have_opener(const struct peer *p)
{
	int saved = errno;
	bool may = p->processes != pid_namespace() ||
		   (p->process != getpid() && !p->closed &&
		    (!kill(p->process, 0) || errno == EPERM));

	errno = saved;
	return may;
}

void peers_follow(struct peer *p, int fd)
{
	if (p->fd != fd && !peers_reachable(p) && !may_have_opener(p))
		p->fd = fd;
}

bool peers_lock(void)
{
	struct table *t = get_table();
	uint32_t began;

	if (!t || !atomic_exchange(&t->is_locked, true))
		return t;
	began = clock_now();
	while (atomic_exchange(&t->is_locked, true) && clock_now() - began < LOCK_MAX)
		sched_yield();
	return true;
}

void peers_unlock(void)
{
	atomic_store(&atomic_load(&table)->is_locked, false);
}
