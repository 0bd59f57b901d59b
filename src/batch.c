/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages received and verdicts given several at once: what is held in between,
 * in memory that forked processes share. Knows nothing of ip_queue's messages. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <linux/netfilter.h>

#include "batch.h"

/* Whole lines of the cache, and not a multiple of a page: the messages' beginnings
 * would all compete for the same ones. */
#define LINE 64
#define SLOT ((NFQUEUE_MESSAGE_MAX / LINE + 6) * LINE)

#define SIZE (offsetof(struct batch, slot) + (size_t)BATCH_MAX * SLOT)

/* Packets given to the program and not yet decided, at most; with more of them
 * verdicts are not joined. */
#define TRACKED_MAX 8192

/* Verdicts sent in one piece: well within the send buffer. */
#define PENDING_MAX 512

/* Fewer are not worth a system call of their own. */
#define WORTHWHILE 4

/* Bytes of payload; see batch_is_due. */
#define LARGE 8192

/* After how many messages it is tried again at the latest. */
#define PATIENCE_MAX 63

/* Sockets of one process. */
#define KNOWN_MAX 128

/* Verdicts are held while the program does nothing but read and decide, for so many
 * packets with no more than so many ns from a verdict to the next read: one that
 * decides, then waits elsewhere for what comes of it, would wait for ever. */
#define STREAK 64
#define AT_ONCE 1000

struct pending {
	struct request r;
	uint32_t id;
	uint16_t queue;
};

struct tracked {
	uint32_t id;
	bool decided;
};

struct batch {
	pthread_mutex_t lock;
	unsigned int max;
	int fd;			/* the last it was used with */

	unsigned int got;		/* when it was last looked */
	unsigned int next;		/* of the kept: the oldest */
	_Atomic unsigned int kept;	/* and how many from there */
	_Atomic uint32_t mark;		/* the last in the socket, */
	_Atomic uint32_t mark_seen;	/* and the last that came out */
	atomic_bool is_unsure;		/* it may not have got there */
	unsigned int skip, patience;
	bool is_large;			/* the last packet was */

	unsigned int streak;		/* reads that followed a verdict at once */
	uint64_t decided_at;		/* the last verdict, ns */
	unsigned int pendings;
	struct pending pending[PENDING_MAX];

	bool is_tracked;
	uint16_t queue;			/* whose ids these are */
	uint32_t known;			/* up to this id all is decided */
	unsigned int first, end;	/* of the tracked; in order of ids */
	struct tracked tracked[TRACKED_MAX];

	char messages[PENDING_MAX * VERDICT_MESSAGE_MAX];	/* verdicts for the kernel */
	unsigned int order[BATCH_MAX];	/* slots of the kept */
	struct mmsghdr msgs[BATCH_MAX];	/* by slot */
	struct iovec iov[BATCH_MAX];
	struct message message[BATCH_MAX];	/* in the old form */
	_Alignas(LINE) unsigned char slot[];
};

/* Those of this process, by the port id of their socket. */
static struct known {
	_Atomic uint32_t port_id;
	_Atomic uint64_t network;	/* and 1; 0 until it is told */
	_Atomic(struct batch *) batch;
} known[KNOWN_MAX];

static void init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

static struct batch *make(void)
{
	struct batch *b = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (b == MAP_FAILED)
		return NULL;
	init_lock(&b->lock);
	return b;
}

/* Another thread may just have taken the place. */
static uint64_t network_of(const struct known *k)
{
	for (int tries = 0; !k->network && tries < 1000; tries++)
		sched_yield();
	return k->network - 1;
}

/* Finds its place, or makes one. */
static struct known *find_known(uint32_t port_id, uint64_t network)
{
	for (struct known *k = known; k < known + KNOWN_MAX; k++) {
		uint32_t none = 0;

		if (atomic_compare_exchange_strong(&k->port_id, &none, port_id)) {
			k->network = network + 1;
			return k;
		}
		if (k->port_id == port_id && network_of(k) == network)
			return k;
	}
	errno = EMFILE;
	return NULL;
}

static void set_max(struct batch *b, unsigned int max)
{
	b->max = max;
	for (unsigned int i = 0; i < max; i++) {
		b->iov[i] = (struct iovec) { b->slot + (size_t)i * SLOT, SLOT };
		b->msgs[i].msg_hdr.msg_iov = &b->iov[i];
		b->msgs[i].msg_hdr.msg_iovlen = 1;
	}
}

static void begin(struct batch *b, unsigned int max, bool tracked)
{
	b->mark_seen = b->mark;
	b->skip = b->patience = 0;
	b->kept = 0;
	b->is_unsure = false;
	b->is_large = false;
	b->streak = b->decided_at = 0;
	b->pendings = b->known = b->first = b->end = 0;
	b->is_tracked = tracked;
	set_max(b, max);
}

struct batch *batch_of(uint32_t port_id, uint64_t network, unsigned int max, bool is_new,
		       bool tracked)
{
	struct known *k = find_known(port_id, network);
	struct batch *now, *new;

	if (!k)
		return NULL;
	now = atomic_load(&k->batch);
	if (now) {
		if (is_new)
			begin(now, max, tracked);
		return now;
	}
	new = make();
	if (!new)
		return NULL;
	begin(new, max, tracked);
	if (atomic_compare_exchange_strong(&k->batch, &now, new))
		return new;
	munmap(new, SIZE);	/* another thread was first */
	return now;
}

/* What the program decided has to be so, also when it ends. The descriptor may be
 * another process's, and something else here. */
static __attribute__((destructor)) void flush_all(void)
{
	for (struct known *k = known; k < known + KNOWN_MAX && k->port_id; k++) {
		struct batch *b = k->batch;

		if (b && b->pendings && batch_lock(b)) {
			if (nfqueue_port_id(b->fd) == k->port_id)
				batch_flush(b, b->fd);
			batch_unlock(b);
		}
	}
}

bool batch_lock(struct batch *b)
{
	switch (pthread_mutex_lock(&b->lock)) {
	case 0:
		return true;
	case EOWNERDEAD:	/* a process was killed */
		pthread_mutex_consistent(&b->lock);
		return true;
	default:
		return false;
	}
}

void batch_unlock(struct batch *b)
{
	pthread_mutex_unlock(&b->lock);
}

unsigned int batch_held(const struct batch *b)
{
	return atomic_load_explicit(&b->kept, memory_order_relaxed);
}

bool batch_is_due(struct batch *b)
{
	if (!b->skip)
		return !b->is_large;
	b->skip--;
	return false;
}

void batch_note_size(struct batch *b, size_t len)
{
	b->is_large = len > LARGE;
}

static bool is_after(uint32_t id, uint32_t other)
{
	return (int32_t)(id - other) > 0;
}

unsigned int batch_receive(struct batch *b, int fd)
{
	b->got = nfqueue_receive_many(fd, b->msgs, b->max);
	b->next = 0;
	b->fd = fd;
	return b->got;
}

struct message *batch_look(struct batch *b, unsigned int i, struct nfqueue_datagram *d)
{
	nfqueue_received(d, b->iov[i].iov_base, SLOT, b->msgs[i].msg_len);
	return &b->message[i];
}

void batch_keep(struct batch *b, unsigned int i)
{
	b->order[b->next + b->kept] = i;
	b->kept++;
}

void batch_received(struct batch *b)
{
	if (b->kept >= WORTHWHILE || b->kept == b->max)
		b->patience = 0;
	else if (b->patience < PATIENCE_MAX)
		b->patience = 2 * b->patience + 1;
	b->skip = b->patience;
	if (b->got < b->max)
		batch_mark_seen(b, b->mark);	/* there are no more */
	else
		b->is_unsure = true;
}

static bool wants_mark(const struct batch *b)
{
	return b->kept && (!batch_has_marks(b) || b->is_unsure);
}

/* A mark is lost if the buffer is full. So when another message came out the one put
 * before is not counted on. */
static void put_mark(struct batch *b, int fd)
{
	struct kernel_request out;

	if (!wants_mark(b))
		return;
	kernel_request_init(&out);
	translate_mark(&out, b->mark + 1);
	if (nfqueue_send(fd, &out))
		return;
	b->mark++;
	b->is_unsure = false;
}

/* One that a thread took out by itself may be told of late. */
void batch_mark_seen(struct batch *b, uint32_t number)
{
	if (is_after(number, b->mark_seen))
		b->mark_seen = number;
}

void batch_mark_passed(struct batch *b)
{
	b->is_unsure = true;
}

bool batch_has_marks(const struct batch *b)
{
	return b->mark != b->mark_seen;
}

struct message *batch_head(struct batch *b, struct nfqueue_datagram *d)
{
	return batch_look(b, b->order[b->next], d);
}

void batch_drop_head(struct batch *b)
{
	b->next++;
	b->kept--;
}

void batch_leave(struct batch *b, int fd)
{
	int tries = 0;

	do {
		put_mark(b, fd);
		batch_unlock(b);
	} while (wants_mark(b) && tries++ < 3 && batch_lock(b));
}

static struct tracked *tracked_at(struct batch *b, unsigned int n)
{
	return &b->tracked[n % TRACKED_MAX];
}

/* An id that is missing is another reader's, who is about to tell, or is not of this
 * program and never will. (If it was of a packet that did not fit in the socket's
 * buffer, verdicts are not joined from there on.) */
static void advance(struct batch *b)
{
	while (b->first != b->end && tracked_at(b, b->first)->decided &&
	       tracked_at(b, b->first)->id == b->known + 1)
		b->known = tracked_at(b, b->first++)->id;
}

void batch_track(struct batch *b, uint16_t queue, uint32_t id)
{
	unsigned int n = b->end;

	if (b->queue != queue) {
		b->queue = queue;
		b->known = 0;
		b->first = b->end = n = 0;
	}
	if (b->end - b->first == TRACKED_MAX)
		b->is_tracked = false;
	if (!b->is_tracked)
		return;
	/* threads may come out of order */
	for (; n != b->first && is_after(tracked_at(b, n - 1)->id, id); n--)
		*tracked_at(b, n) = *tracked_at(b, n - 1);
	*tracked_at(b, n) = (struct tracked) { .id = id };
	b->end++;
}

/* Most often the ids have no gaps; else it is looked for. */
static struct tracked *find_tracked(struct batch *b, uint32_t id)
{
	unsigned int low = b->first, high = b->end, n;

	if (low == high)
		return NULL;
	n = low + (id - tracked_at(b, low)->id);
	if (n - low < high - low && tracked_at(b, n)->id == id)
		return tracked_at(b, n);
	while (low != high) {
		n = low + (high - low) / 2;
		if (tracked_at(b, n)->id == id)
			return tracked_at(b, n);
		if (is_after(id, tracked_at(b, n)->id))
			low = n + 1;
		else
			high = n;
	}
	return NULL;
}

bool batch_decide(struct batch *b, uint16_t queue, uint32_t id)
{
	struct tracked *t = b->queue == queue ? find_tracked(b, id) : NULL;

	if (!b->is_tracked)
		return true;
	if (!t || t->decided)
		return false;
	t->decided = true;
	advance(b);
	return true;
}

/* Whether one verdict on the last and all before says the same as those held, also of
 * the order in which the packets go on: the kernel takes that of the ids. */
static bool can_join(struct batch *b)
{
	const struct pending *last = &b->pending[b->pendings - 1];

	for (unsigned int i = 0; i < b->pendings; i++) {
		const struct pending *p = &b->pending[i];

		if (p->r.body.msg.verdict.value != last->r.body.msg.verdict.value ||
		    p->queue != last->queue || (i && !is_after(p->id, p[-1].id)))
			return false;
	}
	advance(b);
	return b->is_tracked && b->pendings > 1 && last->queue == b->queue &&
	       !is_after(last->id, b->known);
}

static void put_pending(const struct pending *p, bool all_before,
			struct kernel_request *out)
{
	struct verdict v = {
		.id = p->id,
		.value = p->r.body.msg.verdict.value,
		.all_before = all_before,
	};

	kernel_request_init(out);
	translate_verdict(out, &p->r, REFUSAL_IS_EPERM, p->queue, &v);
}

static int send_joined(struct batch *b, int fd)
{
	struct kernel_request out;

	put_pending(&b->pending[b->pendings - 1], true, &out);
	if (nfqueue_send(fd, &out))
		return -1;
	b->pendings = 0;
	return 0;
}

/* The first count in one message. */
static int send_first(struct batch *b, int fd, unsigned int count)
{
	struct kernel_request out;
	size_t len = 0;

	for (unsigned int i = 0; i < count; i++) {
		put_pending(&b->pending[i], false, &out);
		memcpy(b->messages + len, out.buf, out.len);
		len += out.len;
	}
	return nfqueue_send_many(fd, b->messages, len);
}

/* In as few pieces as the send buffer allows, which may be the program's idea. None is
 * sent twice: a second time the kernel would refuse it. */
static int send_each(struct batch *b, int fd)
{
	unsigned int count = b->pendings;

	while (b->pendings) {
		if (count > b->pendings)
			count = b->pendings;
		if (!send_first(b, fd, count)) {
			b->pendings -= count;
			memmove(b->pending, b->pending + count,
				b->pendings * sizeof(*b->pending));
		} else if (errno == EMSGSIZE && count > 1) {
			count /= 2;
		} else {
			return -1;
		}
	}
	return 0;
}

int batch_flush(struct batch *b, int fd)
{
	if (!b->pendings)
		return 0;
	return can_join(b) ? send_joined(b, fd) : send_each(b, fd);
}

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

int batch_put(struct batch *b, int fd, const struct request *r, uint16_t queue,
	      uint32_t id)
{
	unsigned int most = b->max < PENDING_MAX ? b->max : PENDING_MAX;
	int failed = 0;

	if (b->pendings == PENDING_MAX && batch_flush(b, fd))
		return -1;
	b->pending[b->pendings++] = (struct pending) { .r = *r, .id = id, .queue = queue };
	b->fd = fd;
	if (!b->kept || b->pendings >= most || b->streak < STREAK)
		failed = batch_flush(b, fd);
	if (failed) {	/* this one is none, so no other may stand for it */
		b->pendings--;
		b->is_tracked = false;
	}
	b->decided_at = clock_ns();
	return failed;
}

void batch_reads(struct batch *b)
{
	if (clock_ns() - b->decided_at > AT_ONCE)
		b->streak = 0;
	else if (b->streak < STREAK)
		b->streak++;
}
