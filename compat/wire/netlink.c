/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address of an old ip_queue socket: the port ID it is bound to, as the program sees
 * it. The real socket is one of NETLINK_NETFILTER with another port ID, so this is kept
 * here. Knows nothing of messages. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libipq.h>

#include "netlink.h"
#include "nfqueue.h"
#include "port_id.h"
#include "program.h"

struct ipq_socket ipq_sockets[IPQ_SOCKETS_MAX];

/* If the process has used several network namespaces, a port ID alone does not
 * identify a socket. */
static atomic_bool several_networks;

/* Finds a socket; if network is 0, in any network namespace. */
static struct ipq_socket *find(uint32_t port_id, uint64_t network)
{
	for (struct ipq_socket *s = ipq_sockets; s < ipq_sockets + IPQ_SOCKETS_MAX; s++)
		if (atomic_load_explicit(&s->port_id, memory_order_acquire) == port_id &&
		    (!network || s->network == network))
			return s;
	return NULL;
}

static struct ipq_socket *take_entry(uint32_t port_id, uint64_t network)
{
	struct ipq_socket *s = find(port_id, network);
	uint32_t old = 0;

	for (int i = 0; !s && i < IPQ_SOCKETS_MAX; i++, old = 0)
		if (atomic_compare_exchange_strong(&ipq_sockets[i].port_id, &old, port_id))
			s = &ipq_sockets[i];
	for (int i = 0; !s && i < IPQ_SOCKETS_MAX; i++) {
		old = atomic_load(&ipq_sockets[i].port_id);
		if (ipq_sockets[i].queue.peer && peers_is_gone(ipq_sockets[i].queue.peer) &&
		    atomic_compare_exchange_strong(&ipq_sockets[i].port_id, &old, port_id))
			s = &ipq_sockets[i];
	}
	return s;
}

static struct ipq_socket *enter(uint32_t port_id, const struct ip_queue *q)
{
	uint64_t network = q->peer->network;
	struct ipq_socket *s = take_entry(port_id, network);

	if (!s)
		return NULL;
	memcpy((void *)&s->queue, q, sizeof(*q));
	if (ipq_sockets->network && ipq_sockets->network != network)
		several_networks = true;
	s->network = network;
	return s;
}

int netlink_open(uint8_t family, int type)
{
	struct ip_queue q;
	int fd = ip_queue_open(&q, family, type, true);

	if (fd < 0)
		return -1;
	if (!enter(nfqueue_port_id(fd), &q)) {
		close(fd);
		errno = EMFILE;
		return -1;
	}
	return fd;
}

/* Adds an entry for a socket that another process opened, or ipq_create_handle. */
static struct ipq_socket *adopt(int fd, uint32_t port_id)
{
	struct ip_queue q;

	return ip_queue_adopt(&q, fd, port_id) ? NULL : enter(port_id, &q);
}

struct ipq_socket *netlink_of(int fd, uint32_t port_id)
{
	struct ipq_socket *s = find(port_id, several_networks ? nfqueue_network(fd) : 0);

	return s ? s : adopt(fd, port_id);
}

/* Whether another open socket of the family is bound to the old port ID "shown". What
 * other programs are bound to cannot be seen; it counts as theirs if the socket exists
 * that a process with this id would open first. If the id is ours, that socket counts
 * only if this process has it: else its owner is in another PID namespace. */
static bool is_taken(const struct ipq_socket *s, uint32_t shown)
{
	uint8_t family = s->queue.peer->family;
	uint32_t own = port_id_of(family, shown, 0);

	for (const struct ipq_socket *other = ipq_sockets;
	     other < ipq_sockets + IPQ_SOCKETS_MAX; other++) {
		const struct peer *p = other->queue.peer;

		/* peer is NULL while another thread adds the entry */
		if (other != s && p && p->shown == shown && p->family == family &&
		    p->network == s->network && !peers_is_gone(p))
			return true;
	}
	if (s->port_id == own || find(own, s->network))
		return false;
	return shown == (uint32_t)getpid() ? nfqueue_find(own, s->network) >= 0 :
	       !nfqueue_port_id_unused(own, s->network);
}

/* Returns what netlink_autobind of the kernel chooses: the process id, or else a
 * number that is free. */
static uint32_t own_pid(const struct ipq_socket *s)
{
	return is_taken(s, getpid()) ? s->port_id : (uint32_t)getpid();
}

void netlink_autobind(struct ipq_socket *s)
{
	_Atomic uint32_t *shown = &s->queue.peer->shown;
	uint32_t unbound = 0;

	if (atomic_load_explicit(shown, memory_order_relaxed) == 0)
		atomic_compare_exchange_strong(shown, &unbound, own_pid(s));
}

/* Checks the address like move_addr_to_kernel in the kernel. */
static int check_address(const struct sockaddr *address, socklen_t len)
{
	if (len > sizeof(struct sockaddr_storage)) {
		errno = EINVAL;
		return -1;
	}
	if (!program_describes(address, len)) {
		errno = EFAULT;
		return -1;
	}
	return 0;
}

/* Like netlink_bind in the kernel: fails with EINVAL if the address is invalid or the
 * socket is bound to another one, and with EADDRINUSE if the port ID is in use. */
int netlink_bind(struct ipq_socket *s, const struct sockaddr *address, socklen_t len)
{
	uint32_t shown = s->queue.peer->shown;
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
		netlink_autobind(s);
		return 0;
	}
	if (is_taken(s, local.nl_pid)) {
		errno = EADDRINUSE;
		return -1;
	}
	s->queue.peer->shown = local.nl_pid;
	return 0;
}

/* Like netlink_connect in the kernel, but fails with EPERM for any destination other
 * than the kernel. */
int netlink_connect(struct ipq_socket *s, const struct sockaddr *address, socklen_t len)
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
	netlink_autobind(s);
	return 0;
}

void netlink_put_address(uint32_t pid, void *address, socklen_t *len)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = pid };

	memcpy(address, &nl, *len < sizeof(nl) ? *len : sizeof(nl));
	*len = sizeof(nl);
}

int netlink_name(struct ipq_socket *s, struct sockaddr *address, socklen_t *len)
{
	if (!program_describes(len, sizeof(*len)) || !program_describes(address, 1)) {
		errno = EFAULT;
		return -1;
	}
	if ((int)*len < 0) {	/* as move_addr_to_user in the kernel */
		errno = EINVAL;
		return -1;
	}
	netlink_put_address(s->queue.peer->shown, address, len);
	return 0;
}
