/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The results of calls that sent something, and that a signal ended before they were
 * answered. The thread usually restarts such a call (signal(7)), and gets this result
 * then, so that nothing is sent twice. Knows nothing of how calls are answered. */
#include <string.h>

#include "missed.h"

static struct missed {
	struct call call;
	int64_t result;
} missed[64];

static struct missed *of_thread(pid_t thread)
{
	return &missed[(unsigned int)thread % (sizeof(missed) / sizeof(missed[0]))];
}

static bool has_effect(enum call_kind kind)
{
	switch (kind) {
	case CALL_WRITE:
	case CALL_WRITEV:
	case CALL_PWRITEV2:
	case CALL_SENDTO:
	case CALL_SENDMSG:
	case CALL_SENDMMSG:
		return true;
	default:
		return false;
	}
}

void missed_note(const struct call *c, enum call_kind kind, int64_t result)
{
	if (has_effect(kind) && result >= 0)
		*of_thread(c->thread) = (struct missed) { *c, result };
}

bool missed_take(const struct call *c, int64_t *result)
{
	struct missed *m = of_thread(c->thread);
	bool same = m->call.thread == c->thread && m->call.kind == c->kind &&
		    !memcmp(m->call.args, c->args, sizeof(c->args));

	if (m->call.thread == c->thread)
		m->call.thread = 0;
	*result = m->result;
	return same;
}
