/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which descriptors of this process are sockets of ours. Knows nothing of messages.
 *
 * A socket of ours has a port ID in a range of its own (port_id.h), so that the kernel
 * can be asked what a descriptor is, even if descriptors were closed, duplicated or
 * inherited without calling an interposed function. Descriptor numbers that were never
 * ours need not be asked about. Nor does one that was asked about before, until the
 * number is given to another socket (sockets_appeared), or the kernel returns an error
 * since it is no socket of ours, in which case nothing was read or written. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libipq.h>

#include "next.h"
#include "nfqueue.h"
#include "port_id.h"
#include "sockets.h"

/* For each descriptor number: it was never ours; it was once, so ask; or KNOWN plus the
 * index of the socket that it is. Does not return to NEVER: a child after vfork(2) shares
 * this memory, but not the descriptor table. */
enum { NEVER, ONCE, KNOWN };
_Atomic uint8_t sockets_descriptors[SOCKETS_DESCRIPTORS];

/* One more than the highest number that ever was ours. */
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

int sockets_highest(void)
{
	return end - 1;
}

int sockets_connect_kernel(int fd, const struct sockaddr *address, socklen_t len)
{
	int result = NEXT(connect)(fd, address, len);

	if (!result)
		remember(fd);
	return result;
}

/* Returns the port ID if fd is one of our sockets, else 0. */
static uint32_t port_id_at(int fd)
{
	uint32_t port_id = nfqueue_port_id(fd);
	uint8_t family;
	pid_t process;

	return port_id_read(port_id, &family, &process) ? port_id : 0;
}

static struct ipq_socket *look(int fd)
{
	uint32_t port_id = port_id_at(fd);
	struct ipq_socket *s = port_id ? netlink_of(fd, port_id) : NULL;

	if (s)
		peers_follow(s->queue.peer, fd);
	return s;
}

/* Not inlined: most calls of sockets_find_known do not need it. */
static __attribute__((noinline)) struct ipq_socket *ask(int fd)
{
	struct ipq_socket *s = look(fd);

	if (s)
		atomic_store_explicit(&sockets_descriptors[fd], KNOWN + (s - ipq_sockets),
				      memory_order_relaxed);
	return s;
}

struct ipq_socket *sockets_find_known(int fd)
{
	uint8_t descriptor = atomic_load_explicit(&sockets_descriptors[fd],
						  memory_order_relaxed);

	return descriptor == ONCE ? ask(fd) : &ipq_sockets[descriptor - KNOWN];
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

void sockets_closed(struct ipq_socket *s)
{
	for (int fd = sockets_next(0); fd >= 0 && !peers_reachable(s->queue.peer);
	     fd = sockets_next(fd + 1))
		look(fd);
	if (!peers_reachable(s->queue.peer))
		ip_queue_end_trace(&s->queue);
}

void sockets_arrived(int fd)
{
	if (port_id_at(fd))
		remember(fd);
	else
		sockets_appeared(fd);
}
