/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets that threads are about to close, which the kernel does only after our
 * answer. A mover that moves packets to such a socket must be told when it is closed.
 * Knows nothing of how calls are answered. */
#include "calls.h"
#include "closing.h"

/* The most sockets at a time. Of further ones it is not noticed that they are closed. */
#define CLOSING_MAX 64

/* How often a socket is checked, as the thread may not have closed it yet, and other
 * descriptors of it may be open. */
#define LOOKS 100

static struct closing {
	struct ipq_socket *socket;	/* NULL if unused */
	pid_t thread;
	int looks_left;
} closing[CLOSING_MAX];

static unsigned int count;

void closing_begin(struct ipq_socket *s, pid_t thread)
{
	for (unsigned int i = 0; i < CLOSING_MAX; i++)
		if (!closing[i].socket) {
			closing[i] = (struct closing) { s, thread, LOOKS };
			count++;
			return;
		}
}

void closing_look(pid_t thread, const struct window *w)
{
	for (unsigned int i = 0; count && i < CLOSING_MAX; i++) {
		struct closing *it = &closing[i];

		if (!it->socket || (thread && it->thread != thread))
			continue;
		if (calls_closed(it->socket, it->thread, w) || thread ||
		    --it->looks_left == 0) {
			it->socket = NULL;
			count--;
		}
	}
}

bool closing_is_due(void)
{
	return count;
}
