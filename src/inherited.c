/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program's sockets had before the program was executed (execve(2)): the list of
 * handles is lost then, and the kernel still knows. Knows nothing of movers. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "inherited.h"
#include "nfqueue.h"
#include "port_id.h"
#include "queues.h"

bool inherited_recall(struct peer *p, int fd)
{
	uint16_t number = queues_number_of(nfqueue_port_id(fd), PEERS_PRIVATE_FIRST);

	if (number <= p->last)
		return false;
	peers_set_private(p, number);
	return true;
}

/* Whether the process that opened a socket of this program is this one, or has ended. If
 * not, it would not learn that its packets arrive by another number. */
static bool is_ours_alone(pid_t opener)
{
	return opener == getpid() || (kill(opener, 0) && errno == ESRCH);
}

/* The settings that cannot be known are assumed to be those of the other family. */
static void set_up(struct peer *p, const struct peer *other, uint8_t family, int fd,
		   pid_t process)
{
	peers_reset(p, family, fd, process);
	peers_set_numbers(p, other->first, other->last);
	p->maxlen = other->maxlen;
	p->flags = other->flags;
	p->noticed = other->noticed;
	p->shown = process;
}

struct peer *inherited_find(const struct peer *p, uint32_t port_id)
{
	struct queue_line line;
	struct peer *found;
	uint8_t family;
	pid_t process;
	int fd;

	if (p->first != p->last || !port_id_read(port_id, &family, &process) ||
	    family == p->family || !is_ours_alone(process) ||
	    nfqueue_port_id_unused(port_id, p->network))
		return NULL;
	fd = nfqueue_find(port_id, p->network);
	if (fd < 0)
		return NULL;
	found = peers_enter(port_id, p->network);
	if (!found || found->owner)
		return NULL;
	if (!found->family)
		set_up(found, p, family, fd, process);
	if (!inherited_recall(found, fd) && queues_owner(p->first) != port_id)
		return NULL;
	if (queues_find(found->number, &line)) {
		found->mode = line.mode;
		found->range = line.range;
	}
	found->owner = OWNER_CLAIMED;
	return found;
}
