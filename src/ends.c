/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends reads at the program's request (IPQ_CTL_END_READS). Each read is ended by a mark,
 * a message in the socket (translate_mark). It wakes up a read that waits, and a read
 * that is just about to wait does not miss it. Knows nothing of messages to the program.
 * All functions may be called in a signal handler. */
#include <errno.h>
#include <sys/socket.h>

#include "ends.h"
#include "nfqueue.h"
#include "translate.h"

static bool take(atomic_uint *n)
{
	unsigned int now = *n;

	while (now && !atomic_compare_exchange_weak(n, &now, now - 1))
		;
	return now;
}

/* Returns how many of the marks were sent. */
static unsigned int send_marks(struct peer *p, int fd, unsigned int count)
{
	uint32_t before, after;
	bool can_tell = nfqueue_lost(fd, &before);
	struct kernel_request mark;
	unsigned int sent;

	for (sent = 0; sent < count; sent++) {
		kernel_request_init(&mark);
		translate_mark(&mark, ENDS_MARK);
		if (nfqueue_send(fd, &mark))
			return sent;
	}
	/* If the receive buffer was full, a mark may be lost. So there are messages to
	 * read, and the reader calls ends_due when it has read them all. */
	if (!can_tell || !nfqueue_lost(fd, &after) || after != before)
		atomic_fetch_add(&p->ends_due, count);
	return count;
}

int ends_ask(struct peer *p, int fd, unsigned int reads)
{
	unsigned int sent;

	atomic_fetch_add(&p->ends, reads);
	sent = send_marks(p, fd, reads);
	if (sent == reads)
		return 0;
	atomic_fetch_sub(&p->ends, reads - sent);
	return errno;
}

bool ends_marked(struct peer *p)
{
	return take(&p->ends);
}

void ends_note_marks(struct peer *p, int fd, unsigned int count)
{
	if (!count)
		return;
	/* other threads may wait in recv(2) already */
	count -= send_marks(p, fd, count - 1);
	atomic_fetch_add(&p->ends_due, count);
}

bool ends_due(struct peer *p)
{
	return take(&p->ends_due) && take(&p->ends);
}
