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

#define HANDLES_MAX 4096

struct handle_place handle_places[HANDLE_PLACES];

/* The ip_queues of all known sockets. They are among the first count elements; unused
 * ones are NULL. If a program closes the descriptor and frees the struct itself, its
 * element remains until there is another socket with the same port ID. */
static _Atomic(struct ip_queue *) queues[HANDLES_MAX];
static atomic_uint count;

static struct ip_queue *find(uint32_t port_id, uint64_t network)
{
	for (unsigned int i = 0; i < count; i++) {
		struct ip_queue *q = queues[i];

		if (q && q->peer->port_id == port_id && q->peer->network == network)
			return q;
	}
	return NULL;
}

static struct ip_queue *enter(const struct ip_queue *q)
{
	struct ip_queue *new = malloc(sizeof(*new));

	if (!new)
		return NULL;
	memcpy((void *)new, q, sizeof(*new));
	for (unsigned int i = 0; i < HANDLES_MAX; i++) {
		struct ip_queue *none = NULL;
		unsigned int now = count;

		if (!atomic_compare_exchange_strong(&queues[i], &none, new))
			continue;
		while (now <= i && !atomic_compare_exchange_weak(&count, &now, i + 1))
			;
		return new;
	}
	free(new);
	errno = EMFILE;
	return NULL;
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
	struct ip_queue *known = find(q->peer->port_id, q->peer->network);

	if (known)
		memcpy((void *)known, q, sizeof(*q));
	else
		known = enter(q);
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
	for (unsigned int i = 0; i < count; i++)
		if (queues[i] == q)
			queues[i] = NULL;
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
	q = find(port_id, nfqueue_network(h->fd));
	if (!q)
		q = adopt(h->fd, port_id);
	if (!q)
		return NULL;
	note_place(h, q);
	errno = saved;
	return q;
}
