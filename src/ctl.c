/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipq_ctl: settings and counters for programs that were written or changed for this
 * library. Other programs are configured by environment variables (settings.c). */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>

#include "ctl.h"
#include "elsewhere.h"
#include "ends.h"
#include "error.h"
#include "export.h"
#include "handle.h"
#include "queues.h"

static int set(struct ip_queue *q, int request, unsigned int value, unsigned int last)
{
	struct settings s = q->settings;

	switch (request) {
	case IPQ_CTL_SET_QUEUE:
		return settings_set_queue(&s, value, last) ? ip_queue_set(q, &s) : EINVAL;
	case IPQ_CTL_SET_MAXLEN:
		s.maxlen = value;
		break;
	case IPQ_CTL_SET_RCVBUF:
		if (value == 0 || value > SETTINGS_RCVBUF_MAX)
			return EINVAL;
		s.rcvbuf = value;
		break;
	case IPQ_CTL_SET_FAIL_OPEN:
	case IPQ_CTL_SET_GSO:
		if (value > 1)
			return EINVAL;
		*(request == IPQ_CTL_SET_GSO ? &s.gso : &s.fail_open) = value;
		break;
	case IPQ_CTL_SET_TRUNCATED:
		if (value > TRUNCATED_DROP)
			return EINVAL;
		s.truncated = value;
		break;
	default:
		if (value == 0 || value > SETTINGS_BATCH_MAX)
			return EINVAL;
		s.batch = value;
	}
	return ip_queue_set(q, &s);
}

static unsigned int get(const struct settings *s, int request)
{
	switch (request) {
	case IPQ_CTL_GET_MAXLEN:
		return s->maxlen;
	case IPQ_CTL_GET_RCVBUF:
		return s->rcvbuf;
	case IPQ_CTL_GET_FAIL_OPEN:
		return s->fail_open;
	case IPQ_CTL_GET_BATCH:
		return s->batch;
	case IPQ_CTL_GET_TRUNCATED:
		return s->truncated;
	default:
		return s->gso;
	}
}

static bool add_drops(uint16_t queue, uint64_t *drops)
{
	struct queue_line line;

	if (!queues_find(queue, &line))
		return false;
	*drops += (uint64_t)line.dropped_full + line.dropped_slow;
	return true;
}

/* Adds up the packets that were dropped at the private number by which packets arrive, if
 * there is one, and at the numbers of the setting. */
static int count_drops(const struct peer *p, uint64_t *drops)
{
	*drops = 0;
	if (!p->owner)
		return 0;
	if (p->is_private && !add_drops(p->number, drops))
		return ENOENT;
	for (unsigned int n = p->first; n <= p->last; n++)
		if (!add_drops(n, drops))
			return ENOENT;
	return 0;
}

static int count(const struct peer *p, int request, uint64_t *counter)
{
	switch (request) {
	case IPQ_CTL_GET_DELIVERED:
		*counter = p->delivered;
		return 0;
	case IPQ_CTL_GET_FOREIGN:
		*counter = p->foreign;
		return 0;
	default:
		return count_drops(p, counter);
	}
}

static int answer(struct ip_queue *q, int fd, int request, va_list args)
{
	unsigned int value, *first;

	switch (request) {
	case IPQ_CTL_SET_QUEUE:
		value = va_arg(args, unsigned int);
		return set(q, request, value, va_arg(args, unsigned int));
	case IPQ_CTL_SET_MAXLEN:
	case IPQ_CTL_SET_RCVBUF:
	case IPQ_CTL_SET_FAIL_OPEN:
	case IPQ_CTL_SET_GSO:
	case IPQ_CTL_SET_BATCH:
	case IPQ_CTL_SET_TRUNCATED:
		return set(q, request, va_arg(args, unsigned int), 0);
	case IPQ_CTL_GET_QUEUE:
		first = va_arg(args, unsigned int *);
		*first = q->settings.queue;
		*va_arg(args, unsigned int *) = q->settings.queue_last;
		return 0;
	case IPQ_CTL_GET_MAXLEN:
	case IPQ_CTL_GET_RCVBUF:
	case IPQ_CTL_GET_FAIL_OPEN:
	case IPQ_CTL_GET_GSO:
	case IPQ_CTL_GET_BATCH:
	case IPQ_CTL_GET_TRUNCATED:
		*va_arg(args, unsigned int *) = get(&q->settings, request);
		return 0;
	case IPQ_CTL_END_READS:
		return ends_ask(q->peer, fd, va_arg(args, unsigned int));
	default:
		return count(q->peer, request, va_arg(args, uint64_t *));
	}
}

static bool is_known(int request)
{
	return (request >= IPQ_CTL_SET_QUEUE && request <= IPQ_CTL_GET_TRUNCATED) ||
	       (request >= IPQ_CTL_GET_DELIVERED && request <= IPQ_CTL_GET_DROPPED) ||
	       request == IPQ_CTL_END_READS;
}

int ctl_answer(const struct ipq_handle *h, int request, va_list args)
{
	struct ip_queue *q;
	int saved = errno, error;

	if (!is_known(request))
		return 1;
	if (elsewhere())
		return elsewhere()->vctl(h, request, args);
	q = queue_of(h);
	if (!q) {
		ipq_error_set(IPQ_ERR_SUPP);
		return -1;
	}
	error = answer(q, h->fd, request, args);
	errno = saved;
	if (error == 0)
		return 0;
	errno = error;
	ipq_error_set(IPQ_ERR_SUPP);
	return -1;
}

/*
 * Changes or reads a setting, reads a counter, or ends reads. libipq.h describes each
 * request of enum ipq_ctl_request, its arguments and their units. A setting has the
 * meaning of the LIBIPQ_* variable of the same name. It can only be changed before the
 * handle's first request to the kernel, which usually is ipq_set_mode. IPQ_CTL_END_READS
 * may be used at any time, and also in a signal handler.
 *
 * Returns 0; 1 for an unknown request, as the old library did for every request; or -1,
 * with ipq_errstr "Operation not supported" and errno: EINVAL if the value is invalid,
 * EBUSY after the first request, EADDRINUSE if the process has another handle of the same
 * family and queue number, ENOMEM or EMFILE if there is no room for a batch, EBADF,
 * ENOTSOCK or EINVAL if h is not a handle, ENOENT if the kernel's counters cannot be read
 * (only root can read /proc/net/netfilter/nfnetlink_queue).
 */
EXPORT int ipq_ctl(const struct ipq_handle *h, int request, ...)
{
	va_list args;
	int result;

	va_start(args, request);
	result = ctl_answer(h, request, args);
	va_end(args);
	return result;
}
