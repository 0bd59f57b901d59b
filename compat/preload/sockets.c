/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which descriptors stand for an ip_queue socket, and what of each the kernel
 * does not keep. Knows nothing of messages.
 *
 * A socket of ours has a port id no other has (port_id.h), so the kernel can be
 * asked what a descriptor is, whatever was closed, duplicated, inherited or
 * reused behind our back. Descriptor numbers that never were ours need no
 * asking. Nor does one that was asked about, until the number is given to
 * another socket (sockets_appeared), or the kernel says that it is none:
 * nothing is read or written then. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libipq.h>

#include "memory.h"
#include "next.h"
#include "nfqueue.h"
#include "port_id.h"
#include "sockets.h"

#define SOCKETS_MAX 64

static struct ipq_socket sockets[SOCKETS_MAX];

/* Sockets of two network namespaces may have the same port id. */
static atomic_bool several_networks;

/* Of each descriptor number: never ours; once ours, to be asked about; or, from
 * KNOWN on, which of the sockets it is. Never goes back to NEVER: a vfork child
 * writes to our memory, but to a descriptor table of its own. */
enum { NEVER, ONCE, KNOWN };
_Atomic uint8_t sockets_descriptors[SOCKETS_DESCRIPTORS];

/* Those from here on never were. */
static _Atomic int end;

static bool has_place(int fd)
{
	return fd >= 0 && fd < SOCKETS_DESCRIPTORS;
}

static void remember(int fd)
{
	int old = end;

	if (!has_place(fd))
		return;
	while (old <= fd && !atomic_compare_exchange_weak(&end, &old, fd + 1))
		;
	atomic_store_explicit(&sockets_descriptors[fd], ONCE, memory_order_relaxed);
}

int sockets_next(unsigned int fd)
{
	while (fd < (unsigned int)end && sockets_descriptors[fd] == NEVER)
		fd++;
	return fd < (unsigned int)end ? (int)fd : -1;
}

int sockets_connect_kernel(int fd, const struct sockaddr *address, socklen_t len)
{
	int result = NEXT(connect)(fd, address, len);

	if (!result)
		remember(fd);
	return result;
}

/* The port id of one of our sockets, 0 for anything else. */
static uint32_t port_id_at(int fd)
{
	struct sockaddr_nl local;
	socklen_t len = sizeof(local);
	int saved = errno;
	uint8_t family;
	pid_t process;

	if (NEXT(getsockname)(fd, (struct sockaddr *)&local, &len) ||
	    len != sizeof(local) || local.nl_family != AF_NETLINK ||
	    !port_id_read(local.nl_pid, &family, &process)) {
		errno = saved;
		return 0;
	}
	return local.nl_pid;
}

/* network may be 0: whichever. */
static struct ipq_socket *find(uint32_t port_id, uint64_t network)
{
	for (struct ipq_socket *s = sockets; s < sockets + SOCKETS_MAX; s++)
		if (atomic_load_explicit(&s->port_id, memory_order_acquire) == port_id &&
		    (!network || s->network == network))
			return s;
	return NULL;
}

static struct ipq_socket *take_entry(uint32_t port_id, uint64_t network)
{
	struct ipq_socket *s = find(port_id, network);
	uint32_t old = 0;

	for (int i = 0; !s && i < SOCKETS_MAX; i++, old = 0)
		if (atomic_compare_exchange_strong(&sockets[i].port_id, &old, port_id))
			s = &sockets[i];
	for (int i = 0; !s && i < SOCKETS_MAX; i++) {
		old = atomic_load(&sockets[i].port_id);
		if (nfqueue_port_id_unused(old) &&
		    atomic_compare_exchange_strong(&sockets[i].port_id, &old, port_id))
			s = &sockets[i];
	}
	return s;
}

static struct ipq_socket *enter(uint32_t port_id, uint32_t shown_pid,
				const struct ip_queue *q)
{
	uint64_t network = q->peer->network;
	struct ipq_socket *s = take_entry(port_id, network);

	if (!s)
		return NULL;
	memcpy((void *)&s->queue, q, sizeof(*q));
	atomic_store(&s->shown_pid, shown_pid);
	if (sockets->network && sockets->network != network)
		several_networks = true;
	s->network = network;
	return s;
}

int sockets_open(uint8_t family, int type)
{
	struct ip_queue q;
	int fd = ip_queue_open(&q, family, type, true);

	if (fd < 0)
		return -1;
	if (!enter(nfqueue_port_id(fd), 0, &q)) {
		NEXT(close)(fd);
		errno = EMFILE;
		return -1;
	}
	return fd;
}

/* A socket that another process opened, or ipq_create_handle. */
static struct ipq_socket *adopt(int fd, uint32_t port_id)
{
	struct ip_queue q;
	uint8_t family;
	pid_t process;

	port_id_read(port_id, &family, &process);
	return ip_queue_adopt(&q, family, fd, port_id) ? NULL :
	       enter(port_id, process, &q);
}

static struct ipq_socket *look(int fd)
{
	struct ipq_socket *s;
	uint32_t port_id;

	port_id = port_id_at(fd);
	if (!port_id)
		return NULL;
	s = find(port_id, several_networks ? nfqueue_network(fd) : 0);
	if (!s)
		s = adopt(fd, port_id);
	if (s)
		peers_follow(s->queue.peer, fd);
	return s;
}

/* Apart from its caller, which most calls do not leave. */
static __attribute__((noinline)) struct ipq_socket *ask(int fd)
{
	struct ipq_socket *s = look(fd);

	if (s)
		atomic_store_explicit(&sockets_descriptors[fd], KNOWN + (s - sockets),
				      memory_order_relaxed);
	return s;
}

struct ipq_socket *sockets_find_known(int fd)
{
	uint8_t descriptor = atomic_load_explicit(&sockets_descriptors[fd],
						  memory_order_relaxed);

	return descriptor == ONCE ? ask(fd) : &sockets[descriptor - KNOWN];
}

struct ipq_socket *sockets_ask(int fd)
{
	sockets_appeared(fd);
	return sockets_find(fd);
}

void sockets_appeared(int fd)
{
	if (has_place(fd) &&
	    atomic_load_explicit(&sockets_descriptors[fd], memory_order_relaxed) >= KNOWN)
		remember(fd);
}

void sockets_duplicate(int from, int fd)
{
	if (has_place(from) &&
	    atomic_load_explicit(&sockets_descriptors[from], memory_order_relaxed) != NEVER)
		remember(fd);
	else
		sockets_appeared(fd);
}

void sockets_closed(const struct ipq_socket *s)
{
	for (int fd = sockets_next(0); fd >= 0 && !peers_reachable(s->queue.peer);
	     fd = sockets_next(fd + 1))
		look(fd);
}

void sockets_arrived(int fd)
{
	if (port_id_at(fd))
		remember(fd);
	else
		sockets_appeared(fd);
}

/* Whether another socket of the family shows it, which is open still, or may in another
 * program: that whose own it would be. */
static bool is_taken(const struct ipq_socket *s, uint32_t shown)
{
	uint32_t own = port_id_of(s->queue.family, shown);

	for (const struct ipq_socket *other = sockets; other < sockets + SOCKETS_MAX; other++)
		if (other != s && other->port_id && other->shown_pid == shown &&
		    other->queue.family == s->queue.family &&
		    other->network == s->network &&
		    !nfqueue_port_id_unused(other->port_id))
			return true;
	return s->port_id != own && !find(own, s->network) && !nfqueue_port_id_unused(own);
}

/* netlink_autobind: the process id, or one that no other has. */
static uint32_t own_pid(const struct ipq_socket *s)
{
	return is_taken(s, getpid()) ? s->port_id : (uint32_t)getpid();
}

void sockets_autobind(struct ipq_socket *s)
{
	uint32_t unbound = 0;

	if (atomic_load_explicit(&s->shown_pid, memory_order_relaxed) == 0)
		atomic_compare_exchange_strong(&s->shown_pid, &unbound, own_pid(s));
}

/* move_addr_to_kernel */
static int check_address(const struct sockaddr *address, socklen_t len)
{
	if (len > sizeof(struct sockaddr_storage)) {
		errno = EINVAL;
		return -1;
	}
	if (!memory_is_there(address, len)) {
		errno = EFAULT;
		return -1;
	}
	return 0;
}

/* As netlink_bind: EINVAL for an address that is not one and for a second,
 * different one, EADDRINUSE for a port id that is taken. */
int sockets_bind(struct ipq_socket *s, const struct sockaddr *address, socklen_t len)
{
	uint32_t shown = atomic_load(&s->shown_pid);
	struct sockaddr_nl local;

	if (check_address(address, len))
		return -1;
	if (len < sizeof(local)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(&local, address, sizeof(local));
	if (local.nl_family != AF_NETLINK || (shown && local.nl_pid != shown)) {
		errno = EINVAL;
		return -1;
	}
	if (local.nl_pid == 0) {
		sockets_autobind(s);
		return 0;
	}
	if (is_taken(s, local.nl_pid)) {
		errno = EADDRINUSE;
		return -1;
	}
	atomic_store(&s->shown_pid, local.nl_pid);
	return 0;
}

/* As netlink_connect: to the kernel, or EPERM. */
int sockets_connect(struct ipq_socket *s, const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_nl peer;

	if (check_address(address, len))
		return -1;
	if (len < sizeof(address->sa_family)) {
		errno = EINVAL;
		return -1;
	}
	if (address->sa_family == AF_UNSPEC)
		return 0;
	if (address->sa_family != AF_NETLINK || len < sizeof(peer)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(&peer, address, sizeof(peer));
	if (peer.nl_pid || peer.nl_groups) {
		errno = EPERM;
		return -1;
	}
	sockets_autobind(s);
	return 0;
}

void sockets_put_address(uint32_t pid, void *address, socklen_t *len)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = pid };

	memcpy(address, &nl, *len < sizeof(nl) ? *len : sizeof(nl));
	*len = sizeof(nl);
}

int sockets_name(struct ipq_socket *s, struct sockaddr *address, socklen_t *len)
{
	if (!memory_is_there(len, sizeof(*len)) || !memory_is_there(address, 1)) {
		errno = EFAULT;
		return -1;
	}
	if ((int)*len < 0) {	/* move_addr_to_user */
		errno = EINVAL;
		return -1;
	}
	sockets_put_address(atomic_load(&s->shown_pid), address, len);
	return 0;
}
