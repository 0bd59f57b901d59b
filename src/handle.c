/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the ip_queue for a program's struct ipq_handle: by the address of the struct or,
 * if the struct is a copy or was made by the program, by the socket. Knows nothing of
 * messages. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "elsewhere.h"
#include "handle.h"
#include "nfqueue.h"
#include "port_id.h"

struct handle_place handle_places[HANDLE_PLACES];

/* The ip_queues of all known sockets, by peers_place. If a program closes the descriptor
 * and frees the struct itself, its element remains until another socket has the same
 * place. */
static _Atomic(struct ip_queue *) queues[PEERS_MAX];

/* Returns NULL if there is no memory. */
static struct ip_queue *enter(const struct ip_queue *q)
{
	_Atomic(struct ip_queue *) *place = &queues[peers_place(q->peer)];
	struct ip_queue *known = *place, *new;

	if (known) {
		memcpy((void *)known, q, sizeof(*q));
		return known;
	}
	new = malloc(sizeof(*new));
	if (!new)
		return NULL;
	memcpy((void *)new, q, sizeof(*q));
	if (atomic_compare_exchange_strong(place, &known, new))
		return new;
	free(new);	/* another thread was first */
	return known;
}

static void note_place(const struct ipq_handle *h, struct ip_queue *q)
{
	unsigned int fd = h->fd;

	if (fd >= HANDLE_PLACES)
		return;
	handle_places[fd].at = NULL;
	handle_places[fd].queue = q;
	handle_places[fd].at = h;
}

bool handle_enter(const struct ipq_handle *h, const struct ip_queue *q)
{
	struct ip_queue *known = enter(q);

	if (known)
		note_place(h, known);
	return known;
}

void handle_forget(struct ip_queue *q)
{
	for (struct handle_place *p = handle_places; p < handle_places + HANDLE_PLACES; p++)
		if (p->queue == q) {
			p->at = NULL;
			p->queue = NULL;
		}
	queues[peers_place(q->peer)] = NULL;
}

/* Makes an ip_queue for a socket that this process has not opened as a handle, or whose
 * handle was destroyed. */
static struct ip_queue *adopt(int fd, uint32_t port_id)
{
	struct ip_queue q;

	return ip_queue_adopt(&q, fd, port_id) ? NULL : enter(&q);
}

struct ip_queue *handle_find(const struct ipq_handle *h)
{
	int type, saved = errno;
	socklen_t len = sizeof(type);
	struct ip_queue *q;
	struct peer *p;
	uint32_t port_id;
	uint8_t family;
	pid_t process;

	if (elsewhere())
		return NULL;
	port_id = nfqueue_port_id(h->fd);
	if (!port_id_read(port_id, &family, &process)) {
		/* getsockopt sets EBADF or ENOTSOCK, as the old library's calls did */
		if (!getsockopt(h->fd, SOL_SOCKET, SO_TYPE, &type, &len))
			errno = EINVAL;
		return NULL;
	}
	p = peers_find(port_id, nfqueue_network(h->fd));
	q = p ? queues[peers_place(p)] : NULL;
	if (!q)
		q = adopt(h->fd, port_id);
	if (!q)
		return NULL;
	note_place(h, q);
	errno = saved;
	return q;
}
