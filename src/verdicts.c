/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts that are held until several can be sent to the kernel at once. Knows nothing
 * of packets but their ids. For the thread that holds the batch's lock. */
#include <errno.h>
#include <string.h>

#include "nfqueue.h"
#include "verdicts.h"

void verdicts_begin(struct verdicts *v, bool is_known)
{
	ids_begin(&v->ids, is_known);
	pace_begin(&v->pace);
	v->count = 0;
}

/* Whether one verdict on all packets up to the last one (NFQNL_MSG_VERDICT_BATCH) is the
 * same as the verdicts held. The kernel then reinjects the packets in the order of their
 * ids, so the verdicts must be in this order too. */
static bool can_join(const struct verdicts *v)
{
	const struct held *last = &v->held[v->count - 1];

	for (unsigned int i = 0; i < v->count; i++) {
		const struct held *h = &v->held[i];

		if (h->r.body.msg.verdict.value != last->r.body.msg.verdict.value ||
		    h->queue != last->queue || (i && !id_is_after(h->id, h[-1].id)))
			return false;
	}
	return v->count > 1 && ids_all_decided(&v->ids, last->queue, last->id);
}

static void translate_held(const struct held *h, bool all_before,
			   struct kernel_request *out)
{
	struct verdict v = {
		.id = h->id,
		.value = h->r.body.msg.verdict.value,
		.all_before = all_before,
	};

	kernel_request_init(out);
	translate_verdict(out, &h->r, REFUSAL_IS_EPERM, h->queue, &v);
}

static int send_joined(struct verdicts *v, int fd)
{
	struct kernel_request out;

	translate_held(&v->held[v->count - 1], true, &out);
	if (nfqueue_send(fd, &out))
		return -1;
	v->count = 0;
	return 0;
}

/* Sends the first count verdicts in one datagram. */
static int send_first(struct verdicts *v, int fd, unsigned int count)
{
	struct kernel_request out;
	size_t len = 0;

	for (unsigned int i = 0; i < count; i++) {
		translate_held(&v->held[i], false, &out);
		memcpy(v->messages + len, out.buf, out.len);
		len += out.len;
	}
	return nfqueue_send_many(fd, v->messages, len);
}

/* Sends the verdicts in as few datagrams as the send buffer allows, whose size the
 * program may have changed. No verdict is sent twice, as the kernel would refuse it the
 * second time. */
static int send_each(struct verdicts *v, int fd)
{
	unsigned int count = v->count;
	int saved = errno;

	while (v->count) {
		if (count > v->count)
			count = v->count;
		if (!send_first(v, fd, count)) {
			v->count -= count;
			memmove(v->held, v->held + count, v->count * sizeof(*v->held));
		} else if (errno == EMSGSIZE && count > 1) {
			count /= 2;
			errno = saved;
		} else {
			return -1;
		}
	}
	return 0;
}

int verdicts_flush(struct verdicts *v, int fd)
{
	int failed;

	if (!v->count)
		return 0;
	failed = can_join(v) ? send_joined(v, fd) : send_each(v, fd);
	pace_resume(&v->pace);
	return failed;
}

int verdicts_put(struct verdicts *v, int fd, const struct request *r, uint16_t queue,
		 uint32_t id, unsigned int most)
{
	int failed;

	if (v->count == VERDICTS_MAX && verdicts_flush(v, fd))
		return -1;
	v->held[v->count++] = (struct held) { .r = *r, .id = id, .queue = queue };
	v->fd = fd;
	if (v->count < most && v->count < VERDICTS_MAX && pace_is_quick(&v->pace))
		return 0;
	failed = verdicts_flush(v, fd);
	if (failed) {	/* its packet has no verdict: do not combine verdicts any more */
		v->count--;
		v->ids.is_known = false;
	}
	return failed;
}
