/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that were made in a call which a signal then ended, so that the thread has not
 * received the result. The thread usually restarts such a call (signal(7)), or repeats it
 * because of EINTR; the requests are not made again then. Knows nothing of how calls are
 * answered.
 *
 * The contents of a request decide, not the arguments of the call: a program may use one
 * buffer for all requests, or go on with the next one after EINTR. The same verdict cannot
 * be meant to be given twice, as a packet has one. So it counts as given also if others
 * come first: a signal handler may give some. To set the same mode again changes nothing
 * unless another mode was set meanwhile. The replaced packet behind a verdict is not
 * compared. */
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

static struct missed {
	pid_t thread;			/* 0 if unused */
	struct made made;
} missed[64];

static struct made now;			/* by the system call that is carried out */
static struct missed *before;		/* what its thread has missed, or NULL */

static struct missed *of_thread(pid_t thread)
{
	return &missed[(unsigned int)thread % (sizeof(missed) / sizeof(missed[0]))];
}

void missed_begin(const struct call *c)
{
	struct missed *m = of_thread(c->thread);

	now.count = 0;
	before = m->thread == c->thread ? m : NULL;
	/* it may be about to close the socket */
	if (before && !call_is_of_message(c))
		before->thread = 0;
}

/* Compares the members, as what is between them may be anything. */
static bool is_same(const struct request *a, const struct request *b)
{
	const ipq_peer_msg_t *x = &a->body, *y = &b->body;

	if (a->nlh.nlmsg_type != b->nlh.nlmsg_type || a->nlh.nlmsg_seq != b->nlh.nlmsg_seq)
		return false;
	switch (a->nlh.nlmsg_type) {
	case IPQM_MODE:
		return x->msg.mode.value == y->msg.mode.value &&
		       x->msg.mode.range == y->msg.mode.range;
	case IPQM_VERDICT:
		return x->msg.verdict.value == y->msg.verdict.value &&
		       x->msg.verdict.id == y->msg.verdict.id &&
		       x->msg.verdict.data_len == y->msg.verdict.data_len;
	default:
		return true;	/* refused, whatever is in it */
	}
}

/* Whether the thread has missed that it made r, as the nth request of a call. */
static bool has_missed(unsigned int n, const struct ipq_socket *s, const struct request *r)
{
	return n < before->made.count && s == before->made.socket &&
	       is_same(&before->made.requests[n], r);
}

bool missed_has_made(const struct ipq_socket *s, const struct request *r)
{
	bool has;

	if (now.count == REQUESTS_MAX)
		return false;
	now.socket = s;
	now.requests[now.count] = *r;
	if (!before)
		return false;
	has = has_missed(now.count, s, r);
	if (has || r->nlh.nlmsg_type == IPQM_MODE)
		before->thread = 0;
	return has;
}

void missed_made(void)
{
	if (now.count < REQUESTS_MAX)
		now.count++;
}

void missed_note(pid_t thread)
{
	if (now.count)
		*of_thread(thread) = (struct missed) { thread, now };
}
