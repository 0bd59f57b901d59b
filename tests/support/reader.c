/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that waits in ipq_read; and a clock. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "network.h"
#include "reader.h"

long long clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void *read_one(void *arg)
{
	struct reader *r = arg;

	ipq_read(r->handle, r->m.buf, 0, 0);	/* makes ipq_errstr READER_TEXT */
	errno = 0;
	atomic_store(&r->tid, gettid());
	r->n = ipq_read(r->handle, r->m.buf, sizeof(r->m.buf), r->timeout);
	r->error = errno;
	r->text = ipq_errstr();
	return NULL;
}

/* Returns the state of a thread of this process, as in proc(5); '\0' if it has ended. */
static char thread_state(pid_t tid)
{
	char path[64], line[256], *end;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	stat = fopen(path, "re");
	if (!stat)
		return '\0';
	if (!fgets(line, sizeof(line), stat))
		line[0] = '\0';
	fclose(stat);
	end = strrchr(line, ')');
	return end ? end[2] : '\0';
}

bool reader_waits(struct reader *r)
{
	long long limit = clock_us() + DEADLINE * 1000LL;
	struct pollfd fd = { .fd = r->handle->fd, .events = POLLIN };
	char state;

	do {
		/* check this before the state: a message that arrives in between has
		 * woken the thread */
		bool readable = poll(&fd, 1, 0) == 1;

		state = thread_state(r->tid);
		if (!readable && state == 'S')
			return true;
		usleep(200);
	} while (state && clock_us() < limit);
	cr_assert(!state, "the reading thread neither sleeps nor returns");
	return false;
}

void reader_begin(struct reader *r, struct ipq_handle *h, int timeout)
{
	r->handle = h;
	r->timeout = timeout;
	atomic_store(&r->tid, 0);
	cr_assert(!pthread_create(&r->thread, NULL, read_one, r));
}

void reader_start(struct reader *r, struct ipq_handle *h, int timeout)
{
	long long limit = clock_us() + DEADLINE * 1000LL;

	reader_begin(r, h, timeout);
	while (!atomic_load(&r->tid)) {
		cr_assert(clock_us() < limit, "a thread does not start");
		usleep(200);
	}
	cr_assert(reader_waits(r), "ipq_read does not wait: %zd, %s: %s", r->n,
		  r->text, strerror(r->error));
}

void reader_end(struct reader *r)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += DEADLINE / 1000;
	cr_assert(!pthread_timedjoin_np(r->thread, NULL, &limit),
		  "ipq_read does not return");
}
