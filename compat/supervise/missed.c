/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that were made in a call which a signal then ended, so that the thread has not
 * received the result. The thread usually restarts such a call (signal(7)), or repeats it
 * because of EINTR; the requests are not made again then. Knows nothing of how calls are
 * answered.
 *
 * The contents of a request decide, not the arguments of the call: a program may use one
 * buffer for all requests, or go on with the next one after EINTR. The same request cannot
 * be meant to be made twice in a row: a packet has one verdict, and setting a mode again
 * changes nothing. The replaced packet behind a verdict is not compared. */
#include <string.h>

#include "missed.h"
#include "translate.h"

/* The most requests of a call, which only sendmmsg(2) makes several of, that are
 * remembered. Others are made again. */
#define REQUESTS_MAX 8

struct made {
	const struct ipq_socket *socket;
	unsigned int count;
	struct request requests[REQUESTS_MAX];
};

static struct made now;			/* by the system call that is carried out */
static const struct made *before;	/* what its thread has missed, or NULL */

static struct missed {
	pid_t thread;			/* 0 if unused */
	struct made made;
} missed[64];

static struct missed *of_thread(pid_t thread)
{
	return &missed[(unsigned int)thread % (sizeof(missed) / sizeof(missed[0]))];
}

static bool receives(enum call_kind kind)
{
	switch (kind) {
	case CALL_READ:
	case CALL_READV:
	case CALL_PREADV2:
	case CALL_RECVFROM:
	case CALL_RECVMSG:
	case CALL_RECVMMSG:
	case CALL_RECVMMSG_TIME64:
		return true;
	default:
		return false;
	}
}

/* A signal handler may receive messages before the call is restarted. */
void missed_begin(const struct call *c)
{
	struct missed *m = of_thread(c->thread);

	now.count = 0;
	before = NULL;
	if (m->thread == c->thread && !receives(c->kind)) {
		m->thread = 0;
		before = &m->made;
	}
}

bool missed_has_made(const struct ipq_socket *s, const struct request *r)
{
	unsigned int n = now.count++;

	if (n >= REQUESTS_MAX)
		return false;
	now.socket = s;
	now.requests[n] = *r;
	return before && n < before->count && before->socket == s &&
	       !memcmp(&before->requests[n], r, sizeof(*r));
}

void missed_note(const struct call *c)
{
	struct missed *m = of_thread(c->thread);
	/* the last request of sendmmsg(2) may have failed */
	unsigned int count = c->kind == CALL_SENDMMSG ? c->done : now.count;

	if (!count)
		return;
	*m = (struct missed) { c->thread, now };
	m->made.count = count < REQUESTS_MAX ? count : REQUESTS_MAX;
}
