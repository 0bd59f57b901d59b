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

static int set_queue(struct ip_queue *q, unsigned int first, unsigned int last)
{
	struct settings s = q->settings;

	return settings_set_queue(&s, first, last) ? ip_queue_set(q, &s) : EINVAL;
}

/* Sets or gets another setting. */
static int answer_setting(struct ip_queue *q, int request, va_list args)
{
	/* the requests to set and to get one follow each other */
	static const enum setting settings[] = {
		SETTING_MAXLEN, SETTING_RCVBUF, SETTING_FAIL_OPEN, SETTING_GSO, SETTING_BATCH,
		SETTING_TRUNCATED,
	};
	unsigned int n = request - IPQ_CTL_SET_MAXLEN;
	struct settings s = q->settings;

	if (n % 2 == 0)
		return settings_set(&s, settings[n / 2], va_arg(args, unsigned int)) ?
		       ip_queue_set(q, &s) : EINVAL;
	*va_arg(args, unsigned int *) = *settings_number(&s, settings[n / 2]);
	return 0;
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

static int answer(struct ip_queue *q, int fd, int request, va_list args)
{
	unsigned int value, *first;

	switch (request) {
	case IPQ_CTL_SET_QUEUE:
		value = va_arg(args, unsigned int);
		return set_queue(q, value, va_arg(args, unsigned int));
	case IPQ_CTL_GET_QUEUE:
		first = va_arg(args, unsigned int *);
		*first = q->settings.queue;
		*va_arg(args, unsigned int *) = q->settings.queue_last;
		return 0;
	case IPQ_CTL_GET_DELIVERED:
		*va_arg(args, uint64_t *) = q->peer->delivered;
		return 0;
	case IPQ_CTL_GET_FOREIGN:
		*va_arg(args, uint64_t *) = q->peer->foreign;
		return 0;
	case IPQ_CTL_GET_DROPPED:
		return count_drops(q->peer, va_arg(args, uint64_t *));
	case IPQ_CTL_END_READS:
		return ends_ask(q->peer, fd, va_arg(args, unsigned int));
	default:
		return answer_setting(q, request, args);
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
