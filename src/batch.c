/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several messages received at once and held until the program reads them, in memory
 * that forked processes share. Knows nothing of ip_queue's messages. */
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "batch.h"

/* The size of a slot is a multiple of a cache line but not of a page, with which the
 * beginnings of all messages would compete for the same cache lines. */
#define SLOT ((NFQUEUE_MESSAGE_MAX / BATCH_LINE + 6) * BATCH_LINE)

#define SIZE (offsetof(struct batch, slot) + (size_t)BATCH_MAX * SLOT)

/* With fewer messages than this, receiving several at once does not pay. */
#define WORTHWHILE 2

/* Fewer verdicts than this do not go with a mark: one message will do for them and for those
 * that follow. */
#define WORTH_SENDING 8

/* The most messages that are received singly before several are tried again. */
#define PATIENCE_MAX 63

/* The batches of this process, by peers_place of the socket. */
static _Atomic(struct batch *) batches[PEERS_MAX];

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

static void set_max(struct batch *b, unsigned int max)
{
	b->max = max;
	b->verdicts_max = max < VERDICTS_MAX ? max : VERDICTS_MAX;
	for (unsigned int i = 0; i < max; i++) {
		b->iov[i] = (struct iovec) { b->slot + (size_t)i * SLOT, SLOT };
		b->msgs[i].msg_hdr.msg_iov = &b->iov[i];
		b->msgs[i].msg_hdr.msg_iovlen = 1;
	}
}

static void begin(struct batch *b, const struct peer *p, unsigned int max, bool is_known)
{
	b->port_id = p->port_id;
	b->mark_seen = b->mark;
	b->skip = b->patience = 0;
	b->kept = 0;
	b->is_unsure = false;
	b->more_wait = false;
	b->may_vanish = false;
	b->is_large = false;
	b->is_idle = false;
	b->indev.ifindex = b->outdev.ifindex = 0;
	verdicts_begin(&b->verdicts, is_known);
	set_max(b, max);
}

struct batch *batch_of(const struct peer *p, unsigned int max, bool is_new, bool is_known)
{
	_Atomic(struct batch *) *place = &batches[peers_place(p)];
	struct batch *now = *place, *new;

	if (now) {
		if (is_new)
			begin(now, p, max, is_known);
		return now;
	}
	new = make();
	if (!new)
		return NULL;
	begin(new, p, max, is_known);
	if (atomic_compare_exchange_strong(place, &now, new))
		return new;
	munmap(new, SIZE);	/* another thread was first */
	return now;
}

/* Sends held verdicts when the program exits. The descriptor may be from another process,
 * and something else in this one, so its port ID is checked. */
static __attribute__((destructor)) void flush_all(void)
{
	for (unsigned int i = 0; i < PEERS_MAX; i++) {
		struct batch *b = batches[i];

		if (b && verdicts_wait(&b->verdicts) && batch_lock(b)) {
			if (nfqueue_port_id(b->verdicts.fd) == b->port_id)
				verdicts_flush(&b->verdicts, b->verdicts.fd);
			batch_unlock(b);
		}
	}
}

void batch_flush(const struct peer *p, int fd)
{
	struct batch *b = batches[peers_place(p)];

	if (b && batch_lock(b)) {
		verdicts_flush(&b->verdicts, fd);
		b->may_vanish = true;
		b->more_wait = false;
		batch_leave(b, fd);
	}
}

bool batch_lock_left(struct batch *b, int error)
{
	if (error != EOWNERDEAD)
		return false;
	/* a process was killed while it was using the batch */
	b->is_unsure = true;
	b->more_wait = false;
	b->verdicts.ids.is_known = false;
	pthread_mutex_consistent(&b->lock);
	return true;
}

unsigned int batch_receive(struct batch *b, int fd)
{
	b->is_idle = false;
	b->end = 0;
	return nfqueue_receive_many(fd, b->msgs, b->max);
}

/* With a mark, verdicts need no system call of their own. And the sooner they are sent, the
 * steadier is the number of packets in the kernel's hash table, which grows and shrinks with
 * it on new kernels (rht_deferred_worker). */
static int send_mark(struct batch *b, int fd, const struct kernel_request *mark)
{
	if (b->verdicts.count >= WORTH_SENDING && !verdicts_send(&b->verdicts, fd, mark))
		return 0;
	return nfqueue_send(fd, mark);
}

/* A mark is lost if the receive buffer is full. So after another message has been
 * received, it is not certain that the mark sent before is in the socket (is_unsure). May
 * change errno. */
static void put_mark(struct batch *b, int fd)
{
	struct kernel_request out;

	kernel_request_init(&out);
	translate_mark(&out, b->mark + 1);
	if (send_mark(b, fd, &out))
		return;
	b->mark++;
	b->is_unsure = false;
	pace_resume(&b->verdicts.pace);
}

/* A thread that has received a mark without the lock may call this late. */
void batch_mark_seen(struct batch *b, uint32_t number)
{
	if (id_is_after(number, b->mark_seen))
		b->mark_seen = number;
}

void batch_mark_passed(struct batch *b)
{
	b->is_unsure = true;
}

/* A single store makes all messages held, and a single store removes each one. So no
 * message is delivered twice, at whatever moment a process is killed. What makes the socket
 * readable is there before, as another process may only look whether it is. */
void batch_received(struct batch *b, int fd, unsigned int n)
{
	if (n < b->max)
		batch_mark_seen(b, b->mark);
	else
		b->is_unsure = true;
	/* set before the check: a signal handler that receives the last one clears it */
	b->more_wait = n == b->max && b->end && !b->may_vanish;
	if (b->more_wait && !nfqueue_has_message(fd))
		b->more_wait = false;
	if (b->end && !b->more_wait)
		put_mark(b, fd);
	b->kept = b->end;
	if (b->kept >= WORTHWHILE)
		b->patience = 0;
	else if (b->patience < PATIENCE_MAX)
		b->patience = 2 * b->patience + 1;
	b->skip = b->patience;
}

void batch_leave_marked(struct batch *b, int fd)
{
	int tries = 0, saved = errno;

	do {
		if (batch_wants_mark(b))
			put_mark(b, fd);
		batch_unlock(b);
		atomic_signal_fence(memory_order_seq_cst);
	} while (batch_wants_mark(b) && tries++ < 3 && batch_lock(b));
	errno = saved;
}
