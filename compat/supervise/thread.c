/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of supervised programs: their processes, descriptors and memory. Knows
 * nothing of system calls. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <linux/seccomp.h>

#include "syscalls.h"
#include "thread.h"

/* pidfd_open(2), since Linux 6.9. */
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

/* The number of buckets for threads that have made a call recently. Others are forgotten,
 * and looked up again. */
#define THREADS_MAX 256

static struct thread *buckets[THREADS_MAX];

static struct thread **bucket(pid_t id)
{
	return &buckets[(unsigned int)id % THREADS_MAX];
}

/* Returns the last number in a line of /proc/ID/status. For ids this is the one in the
 * innermost PID namespace. */
static pid_t read_last(const char *text, const char *line)
{
	const char *at = strstr(text, line), *end;
	pid_t last = 0;

	if (!at)
		return 0;
	at += strlen(line);
	end = at + strcspn(at, "\n");
	while (at < end) {
		at += strspn(at, " \t");
		last = atoi(at);
		at += strcspn(at, " \t\n");
	}
	return last;
}

static bool read_status(pid_t id, char *text, size_t size)
{
	char path[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

static struct thread *make(pid_t id)
{
	char status[2048];
	struct thread *t;
	int pidfd;

	if (!read_status(id, status, sizeof(status)))
		return NULL;
	pidfd = syscall(SYS_pidfd_open, id, PIDFD_THREAD);
	if (pidfd < 0 && errno == EINVAL)
		pidfd = syscall(SYS_pidfd_open, read_last(status, "\nTgid:"), 0);
	if (pidfd < 0)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t) {
		close(pidfd);
		return NULL;
	}
	t->id = id;
	t->pidfd = pidfd;
	t->process = read_last(status, "\nNStgid:");
	return t;
}

/* A thread that is not watched is forgotten if another one needs its bucket. It is not
 * noticed when it ends. */
struct thread *thread_find(pid_t id)
{
	struct thread **place = bucket(id), *t = *place;

	while (t && t->id != id)
		t = t->next;
	if (t)
		return t;
	if (*place && !(*place)->is_watched)
		thread_forget((*place)->id);
	t = make(id);
	if (t) {
		t->next = *place;
		*place = t;
	}
	return t;
}

void thread_forget(pid_t id)
{
	struct thread **place = bucket(id), *t;

	while (*place && (*place)->id != id)
		place = &(*place)->next;
	t = *place;
	if (t) {
		*place = t->next;
		close(t->pidfd);
		free(t);
	}
}

/* ESRCH: the thread has ended, and its id may belong to another one by now. */
int thread_descriptor(pid_t id, int fd)
{
	struct thread *t = thread_find(id);
	int copy = t ? (int)syscall(SYS_pidfd_getfd, t->pidfd, fd, 0) : -1;

	if (t && copy < 0 && errno == ESRCH) {
		thread_forget(id);
		t = thread_find(id);
		copy = t ? (int)syscall(SYS_pidfd_getfd, t->pidfd, fd, 0) : -1;
	}
	return copy;
}

static bool is_free(pid_t id, int number)
{
	int fd = thread_descriptor(id, number);

	if (fd < 0)
		return errno == EBADF;
	close(fd);
	return false;
}

int thread_free_number(pid_t id, int first, int end)
{
	while (first < end && !is_free(id, first))
		first++;
	return first < end ? first : -1;
}

/* What is written to the thread's memory later. */
#define WRITES_MAX 8
#define SMALL 16		/* bytes that are copied */

static struct {
	struct iovec here[WRITES_MAX], there[WRITES_MAX];
	unsigned char small[WRITES_MAX][SMALL];
	unsigned int count;
	size_t len;
	bool has_failed;
} later;

static int handed_over_by = -1;
static uint64_t handed_over;

/* Memory of the thread that was read during this call. The structs that arguments point to
 * often lie close together, on the stack. */
static struct {
	uintptr_t at;
	size_t len;
	unsigned char bytes[1536];
} seen;

void thread_begin_call(int listener, uint64_t call)
{
	handed_over_by = listener;
	handed_over = call;
	seen.len = 0;
	later.count = 0;
	later.len = 0;
	later.has_failed = false;
}

bool thread_is_calling(void)
{
	return handed_over_by < 0 ||
	       !ioctl(handed_over_by, SECCOMP_IOCTL_NOTIF_ID_VALID, &handed_over);
}

static int whole(ssize_t got, size_t n)
{
	if (got == (ssize_t)n)
		return 0;
	errno = EFAULT;
	return -1;
}

static int read_memory(pid_t id, void *to, uintptr_t from, size_t n)
{
	struct iovec here = { to, n }, there = { (void *)from, n };
	ssize_t got = process_vm_readv(id, &here, 1, &there, 1, 0);

	return whole(thread_is_calling() ? got : -1, n);
}

/* The smallest page size of all architectures. */
#define PAGE 4096
#define BEFORE 512		/* bytes */

/* Reads more than n bytes if these are in one page, which is there or not as a whole. */
static bool look_around(pid_t id, uintptr_t at, size_t n)
{
	uintptr_t page = at & -(uintptr_t)PAGE, start = at - BEFORE;
	size_t len = sizeof(seen.bytes);

	if (start < page || start > at)
		start = page;
	if (len > page + PAGE - start)
		len = page + PAGE - start;
	seen.len = 0;
	if (n > len - (at - start) || read_memory(id, seen.bytes, start, len))
		return false;
	seen.at = start;
	seen.len = len;
	return true;
}

static bool was_seen(uintptr_t at, size_t n)
{
	return at >= seen.at && at - seen.at <= seen.len && n <= seen.len - (at - seen.at);
}

int thread_read(pid_t id, void *to, const void *from, size_t n)
{
	uintptr_t at = (uintptr_t)from;

	if (!was_seen(at, n) && !look_around(id, at, n))
		return read_memory(id, to, at, n);
	memcpy(to, seen.bytes + (at - seen.at), n);
	return 0;
}

/* Text is read in pieces that do not cross a page boundary, as the next page may not
 * exist. */
#define PIECE 256

ssize_t thread_read_text(pid_t id, char *to, const void *from, size_t size)
{
	uintptr_t at = (uintptr_t)from;
	size_t len = 0, n;
	const char *end;

	while (len < size) {
		n = PIECE - (at + len) % PIECE;
		if (n > size - len)
			n = size - len;
		if (thread_read(id, to + len, (void *)(at + len), n))
			return -1;
		end = memchr(to + len, '\0', n);
		if (end)
			return end - to;
		len += n;
	}
	return -1;
}

uid_t thread_user(pid_t id)
{
	char status[2048];

	/* the last of four ids is that for files, which follows the effective one */
	return read_status(id, status, sizeof(status)) ? read_last(status, "\nUid:") : -1;
}

static int write_memory(pid_t id, const struct iovec *there, const struct iovec *here,
			unsigned int count, size_t len)
{
	return whole(thread_is_calling() ?
		     process_vm_writev(id, here, count, there, count, 0) : -1, len);
}

int thread_write(pid_t id, void *to, const void *from, size_t n)
{
	struct iovec here = { (void *)from, n }, there = { to, n };

	return write_memory(id, &there, &here, 1, n);
}

/* Writes what has come together so far, and notes a failure. */
static void write_some(pid_t id)
{
	if (later.count && !later.has_failed)
		later.has_failed = write_memory(id, later.there, later.here, later.count,
						later.len);
	later.count = 0;
	later.len = 0;
}

int thread_write_all(pid_t id)
{
	bool has_failed;

	write_some(id);
	has_failed = later.has_failed;
	later.has_failed = false;
	if (has_failed)
		errno = EFAULT;
	return has_failed ? -1 : 0;
}

void thread_write_later(pid_t id, void *to, const void *from, size_t n)
{
	unsigned int i;

	if (later.count == WRITES_MAX)
		write_some(id);
	i = later.count++;
	if (n <= SMALL)
		from = memcpy(later.small[i], from, n);
	later.here[i] = (struct iovec) { (void *)from, n };
	later.there[i] = (struct iovec) { to, n };
	later.len += n;
}
