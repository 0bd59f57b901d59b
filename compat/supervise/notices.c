/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives the system calls that are handed over, answers them, and keeps track of those
 * that wait for a message. Knows nothing of what the calls do. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <linux/seccomp.h>

#include "calls.h"
#include "clock.h"
#include "closing.h"
#include "duplicate.h"
#include "kept.h"
#include "missed.h"
#include "notices.h"
#include "thread.h"
#include "written.h"

/* Not in the headers of older kernels. */
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#define EVENTS 16

struct wait {
	struct wait *next;
	struct call call;
	struct attempt attempt;
	int64_t deadline;		/* ns of CLOCK_MONOTONIC, or INT64_MAX */
	bool is_over;			/* freed when the current events are handled */
};

static int listener, poller;
static struct window window;
static struct wait *waits;

/* If the kernel is newer than our headers, these are larger than the structs. */
static struct seccomp_notif *notice;
static struct seccomp_notif_resp *answer;
static size_t notice_size, answer_size;

/* The source of an epoll event. A thread also has its id, and a wait the descriptor that
 * it waits for. */
enum { OF_LISTENER, OF_WATCHED, OF_WRITTEN, OF_THREAD, OF_WAIT };

static bool poll_for(int fd, int what, int number)
{
	struct epoll_event e = {
		.events = EPOLLIN,
		.data.u64 = (uint64_t)what << 32 | (uint32_t)number,
	};

	return !epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

bool notices_begin(int fd, const struct window *w)
{
	struct seccomp_notif_sizes sizes;

	listener = fd;
	window = *w;
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes))
		return false;
	notice_size = larger(sizes.seccomp_notif, sizeof(*notice));
	answer_size = larger(sizes.seccomp_notif_resp, sizeof(*answer));
	notice = calloc(1, notice_size);
	answer = calloc(1, answer_size);
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (!notice || !answer || poller < 0)
		return false;
	/* messages are collected, and written to the program's stderr (served_end) */
	setvbuf(stderr, NULL, _IOFBF, BUFSIZ);
	/* Since Linux 6.6: the thread and this process run in turns, so they are faster
	 * on the same processor. */
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	return poll_for(written_begin(), OF_WRITTEN, 0) && poll_for(fd, OF_LISTENER, 0);
}

bool notices_watch(int fd)
{
	return poll_for(fd, OF_WATCHED, 0);
}

static bool is_valid(uint64_t id)
{
	return !ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

/* Answers a call. Returns false if it has ended already, because of a signal or because
 * its thread has ended. */
static bool tell(const struct call *c, int64_t result)
{
	memset(answer, 0, answer_size);
	answer->id = c->id;
	if (result == CALL_CONTINUES)
		answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else if (result < 0)
		answer->error = result;
	else
		answer->val = result;
	return !ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, answer) || errno != ENOENT;
}

/* Installs the descriptor in the program, and answers with its number. */
static bool give(const struct call *c, const struct attempt *a)
{
	uint32_t placed = a->to < 0 ? 0 : SECCOMP_ADDFD_FLAG_SETFD;
	struct seccomp_notif_addfd add = {
		.id = c->id,
		.flags = placed | SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = a->fd,
		.newfd = a->to < 0 ? 0 : a->to,
		.newfd_flags = a->flags,
	};
	int error, number;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) >= 0)
		return true;
	error = errno;
	if (error == EINVAL) {		/* before Linux 5.14 two steps are needed */
		add.flags = placed;
		number = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
		if (number >= 0)
			return tell(c, number);
		error = errno;
	}
	/* EBADF: the number exceeds the limit of the program (replace_fd) */
	return tell(c, error == EBADF ? -EMFILE : -error);
}

static bool finish(const struct call *c, const struct attempt *a, int64_t result)
{
	bool told = result == CALL_COMES_AGAIN ||
		    (result == CALL_GIVES ? give(c, a) : tell(c, result));

	if (!told && a->socket)
		kept_keep(a->fd);
	return told;
}

static void close_attempt(struct attempt *a)
{
	if (a->fd >= 0 && a->socket)
		ip_queue_flush(&a->socket->queue, a->fd);
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

/* Has epoll report when the thread ends, so that no descriptor of ours keeps its sockets
 * open. */
static bool watch_thread(pid_t id)
{
	struct thread *t = thread_find(id);

	if (t && !t->is_watched)
		t->is_watched = poll_for(t->pidfd, OF_THREAD, t->id);
	return t && t->is_watched;
}

/* For so long after a call that closes descriptors no duplicate is kept, as the thread
 * closes them only when it has our answer. In ns. */
#define CLOSING_TAKES 100000000

static int64_t closed_at = -CLOSING_TAKES;

/* Verdicts that are held are sent after this time, in ns: the program may have given them
 * and wait elsewhere for their effect. */
#define HELD_MAX 1000000

static int64_t held_until;		/* 0: none are held */

/* Call when a call has been answered. Keeps the duplicate for the next one if both are
 * likely to be on the same descriptor. */
static void end_attempt(const struct call *c, struct attempt *a)
{
	bool is_likely = a->fd >= 0 && a->socket && call_is_of_message(c) &&
			 c->began - closed_at > CLOSING_TAKES;

	if (!is_likely || !watch_thread(c->thread)) {
		close_attempt(a);
		return;
	}
	duplicate_keep(c->thread, call_int(c, 0), a->fd, a->socket);
	if (!held_until && calls_holds_verdicts(a->socket))
		held_until = c->began + HELD_MAX;
}

static void flush_late(void)
{
	if (held_until && held_until <= clock_ns()) {
		duplicate_flush();
		held_until = 0;
	}
}

/* epoll(7) would continue to watch a descriptor that is closed here while the program has
 * it open. */
static void leave_wait(struct wait *w)
{
	epoll_ctl(poller, EPOLL_CTL_DEL, w->attempt.fd, NULL);
	w->is_over = true;
}

/* Closes our duplicate, which must not keep the socket open when the program has closed
 * it. */
static void end_wait(struct wait *w)
{
	leave_wait(w);
	close_attempt(&w->attempt);
}

static void sweep(void)
{
	struct wait **at = &waits, *w;

	while ((w = *at))
		if (w->is_over) {
			*at = w->next;
			free(w);
		} else {
			at = &w->next;
		}
}

static void begin_wait(const struct call *c, struct attempt *a)
{
	struct wait *w = calloc(1, sizeof(*w));

	if (!w) {
		tell(c, -ENOBUFS);
		close_attempt(a);
		return;
	}
	w->call = *c;
	w->attempt = *a;
	w->deadline = calls_deadline(c, a);
	w->next = waits;
	waits = w;
	watch_thread(c->thread);
	if (!poll_for(a->fd, OF_WAIT, a->fd)) {
		tell(c, -errno);
		end_wait(w);
	}
}

/* Call when a thread makes another call or has ended: its call no longer waits. */
static void end_waits(pid_t thread)
{
	for (struct wait *w = waits; w; w = w->next)
		if (!w->is_over && w->call.thread == thread)
			end_wait(w);
}

/* Ends the waiting of calls that a signal has ended. Call before the program closes a
 * descriptor, as our duplicates keep the sockets open. */
static void end_ended_waits(void)
{
	for (struct wait *w = waits; w; w = w->next)
		if (!w->is_over && !is_valid(w->call.id))
			end_wait(w);
}

static bool closes(enum call_kind kind)
{
	return kind == CALL_CLOSE || kind == CALL_CLOSE_RANGE || kind == CALL_EXEC ||
	       kind == CALL_EXECVEAT || kind == CALL_DUP2 || kind == CALL_DUP3;
}

static void retry(struct wait *w)
{
	int64_t result;

	if (w->is_over)
		return;
	if (!is_valid(w->call.id)) {
		end_wait(w);
		return;
	}
	thread_begin_call(listener, w->call.id);
	result = calls_carry_out(&w->call, &window, &w->attempt);
	if (result == CALL_WAITS)
		return;
	finish(&w->call, &w->attempt, result);
	leave_wait(w);
	end_attempt(&w->call, &w->attempt);
}

static void take_call(void)
{
	struct attempt a = { .fd = -1 };
	struct call c = { .done = 0 };
	int64_t result;

	memset(notice, 0, notice_size);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, notice))
		return;
	closing_look(notice->pid, &window);
	c.id = notice->id;
	c.thread = notice->pid;
	c.began = clock_ns();
	call_read(&c, notice->data.arch, notice->data.nr,
		  (const uint64_t *)notice->data.args);
	end_waits(c.thread);
	written_take();
	if (!call_is_of_message(&c) && c.kind != CALL_SOCKETCALL)
		duplicate_drop();
	if (closes(c.kind)) {
		closed_at = c.began;
		end_ended_waits();
	}
	thread_begin_call(listener, c.id);
	result = calls_carry_out(&c, &window, &a);
	if (result == CALL_WAITS) {
		begin_wait(&c, &a);
		return;
	}
	/* our duplicate must be closed before the program continues and closes its own */
	if (result == CALL_CONTINUES || result == CALL_CLOSES)
		close_attempt(&a);
	if (result == CALL_CLOSES) {
		closing_begin(a.socket, c.thread);
		result = CALL_CONTINUES;
	}
	if (!finish(&c, &a, result) && a.socket)
		missed_note(c.thread);
	end_attempt(&c, &a);
}

static int time_left(void)
{
	int64_t first = held_until ? held_until : INT64_MAX, left = -1;

	for (struct wait *w = waits; w; w = w->next)
		if (w->deadline < first)
			first = w->deadline;
	if (first < INT64_MAX) {
		left = (first - clock_ns() + 999999) / 1000000;
		left = left < 0 ? 0 : left < 1000000 ? left : 1000000;
	}
	return closing_is_due() && (left < 0 || left > CLOSING_LOOK_AGAIN) ? CLOSING_LOOK_AGAIN :
									     left;
}

static void end_late_waits(void)
{
	int64_t now = clock_ns();

	for (struct wait *w = waits; w; w = w->next)
		if (!w->is_over && w->deadline <= now) {
			tell(&w->call, calls_time_out(&w->call));
			end_wait(w);
		}
}

static struct wait *find_wait(int fd)
{
	struct wait *w = waits;

	while (w && (w->is_over || w->attempt.fd != fd))
		w = w->next;
	return w;
}

enum notice notices_take(void)
{
	struct epoll_event events[EVENTS];
	enum notice notice_of = NOTICE_NONE;
	bool is_idle = !waits && !closing_is_due() && !held_until;
	int n = epoll_wait(poller, events, EVENTS, is_idle ? -1 : time_left());

	for (int i = 0; i < n; i++) {
		int number = (uint32_t)events[i].data.u64;
		struct wait *w;

		switch (events[i].data.u64 >> 32) {
		case OF_LISTENER:
			if (events[i].events & EPOLLIN) {
				take_call();
			} else {
				epoll_ctl(poller, EPOLL_CTL_DEL, listener, NULL);
				written_take();
				notice_of = NOTICE_OF_END;
			}
			break;
		case OF_WRITTEN:
			written_take();
			break;
		case OF_WATCHED:
			if (notice_of == NOTICE_NONE)
				notice_of = NOTICE_OF_SIGNAL;
			break;
		case OF_THREAD:
			end_waits(number);
			duplicate_drop();
			thread_forget(number);
			break;
		case OF_WAIT:
			w = find_wait(number);
			if (w)
				retry(w);
			break;
		}
	}
	if (n == 0 && !held_until)
		closing_look(0, &window);
	flush_late();
	if (waits) {
		end_late_waits();
		sweep();
	}
	return notice_of;
}
