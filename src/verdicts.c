/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts that are held until several can be sent to the kernel at once. Knows nothing
 * of packets but their ids. For the thread that holds the batch's lock. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "nfqueue.h"
#include "verdicts.h"

void verdicts_begin(struct verdicts *v, bool is_known)
{
	ids_begin(&v->ids, is_known);
	v->pace = (struct pace) { .streak = 0 };
	v->count = 0;
	v->may_leave = false;
	v->left = 0;
	v->fd = -1;
}

static uint32_t id_of(uint64_t note)
{
	return note;
}

static uint16_t queue_of(uint64_t note)
{
	return note >> VERDICT_QUEUE;
}

static uint32_t value_of(uint64_t note)
{
	return note >> VERDICT_VALUE & 1;
}

/* is_decided is what ids_decide has returned. */
static inline void hold(struct verdicts *v, uint64_t note, bool is_decided)
{
	uint64_t *place = &v->held[v->count];

	if (is_decided && v->count)
		v->are_alike &= id_is_after(note, place[-1]) &&
				((note ^ place[-1]) & ~VERDICT_OWN) >> VERDICT_QUEUE == 0;
	else
		v->are_alike = is_decided;
	*place = note;
	v->count++;
}

/* Whether one verdict on all packets up to the last one (NFQNL_MSG_VERDICT_BATCH) is the
 * same as the verdicts held. The kernel then reinjects the packets in the order of their
 * ids, so the verdicts must be in this order too. */
static bool can_join(const struct verdicts *v)
{
	uint64_t last = v->held[v->count - 1];

	return v->count > 1 && v->are_alike &&
	       ids_all_decided(&v->ids, queue_of(last), id_of(last));
}

static void translate_held(const struct verdicts *v, unsigned int i, bool all_before,
			   struct kernel_request *out)
{
	uint64_t note = v->held[i];
	struct request r = note & VERDICT_OWN ? v->own[i] : v->usual;
	struct verdict verdict = {
		.id = id_of(note),
		.value = value_of(note),
		.all_before = all_before,
	};

	if (!(note & VERDICT_OWN)) {
		r.body.msg.verdict.value = value_of(note);
		r.body.msg.verdict.id = id_of(note);
	}
	kernel_request_init(out);
	translate_verdict(out, &r, REFUSAL_IS_EPERM, queue_of(note), &verdict);
}

/* Appends a mark (translate_mark) to a datagram of len bytes, unless it is NULL. Returns the
 * new length. */
static size_t append(char *datagram, size_t len, const struct kernel_request *mark)
{
	if (!mark)
		return len;
	memcpy(datagram + len, mark->buf, mark->len);
	return len + mark->len;
}

static int send_joined(struct verdicts *v, int fd, const struct kernel_request *mark)
{
	struct kernel_request out;

	translate_held(v, v->count - 1, true, &out);
	out.len = append(out.buf, out.len, mark);
	if (nfqueue_send(fd, &out))
		return -1;
	v->count = 0;
	return 0;
}

/* Sends the first count verdicts in one datagram, with the mark if there are no others. */
static int send_first(struct verdicts *v, int fd, unsigned int count,
		      const struct kernel_request *mark)
{
	struct kernel_request out;
	size_t len = 0;

	for (unsigned int i = 0; i < count; i++) {
		translate_held(v, i, false, &out);
		memcpy(v->messages + len, out.buf, out.len);
		len += out.len;
	}
	if (count == v->count)
		len = append(v->messages, len, mark);
	return send(fd, v->messages, len, 0) < 0 ? -1 : 0;
}

/* Sends the verdicts in as few datagrams as the send buffer allows, whose size the
 * program may have changed. No verdict is sent twice, as the kernel would refuse it the
 * second time. */
static int send_each(struct verdicts *v, int fd, const struct kernel_request *mark)
{
	unsigned int count = v->count;
	int saved = errno;

	while (v->count) {
		if (count > v->count)
			count = v->count;
		if (!send_first(v, fd, count, mark)) {
			v->count -= count;
			memmove(v->held, v->held + count, v->count * sizeof(*v->held));
			memmove(v->own, v->own + count, v->count * sizeof(*v->own));
		} else if (errno == EMSGSIZE && count > 1) {
			count /= 2;
			errno = saved;
		} else {
			return -1;
		}
	}
	return 0;
}

/* The verdict is removed after it is held, so that it is not lost if the process is killed
 * in between. A place stays free for verdicts_put. */
void verdicts_take(struct verdicts *v)
{
	uint64_t left = atomic_load(&v->left);

	if (!left || v->count >= VERDICTS_MAX - 1)
		return;
	hold(v, left, ids_decide(&v->ids, queue_of(left), id_of(left)));
	atomic_store_explicit(&v->left, 0, memory_order_release);
}

int verdicts_send(struct verdicts *v, int fd, const struct kernel_request *mark)
{
	return can_join(v) ? send_joined(v, fd, mark) : send_each(v, fd, mark);
}

static int send_held(struct verdicts *v, int fd)
{
	int failed = verdicts_send(v, fd, NULL);

	pace_resume(&v->pace);
	return failed;
}

/* After this no thread leaves a verdict until the program has read again, which it may not
 * do. Either verdicts_take sees the verdict of a thread, or verdicts_is_left, which that
 * thread calls, sees the store: all of these are sequentially consistent. */
static void end_leaving(struct verdicts *v)
{
	if (atomic_load_explicit(&v->may_leave, memory_order_relaxed))
		atomic_store(&v->may_leave, false);
	verdicts_take(v);
}

int verdicts_flush(struct verdicts *v, int fd)
{
	for (end_leaving(v); v->count; verdicts_take(v))
		if (send_held(v, fd))
			return -1;
	return 0;
}

int verdicts_put(struct verdicts *v, int fd, const struct request *r, uint16_t queue,
		 uint32_t id, unsigned int most)
{
	bool is_held = v->count + 1 < most && pace_is_quick(&v->pace);

	if (!is_held)
		end_leaving(v);
	if (v->fd < 0)
		v->usual = *r;
	v->own[v->count] = *r;
	hold(v, verdict_note(r->body.msg.verdict.value, queue, id) | VERDICT_OWN, true);
	atomic_store_explicit(&v->fd, fd, memory_order_release);
	if (is_held)
		return 0;
	if (send_held(v, fd)) {	/* its packet has no verdict: do not combine verdicts */
		v->count--;
		v->ids.is_known = false;
		return -1;
	}
	verdicts_flush(v, fd);	/* there was no place for one that was left */
	return 0;
}
