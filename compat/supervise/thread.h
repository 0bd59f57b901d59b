/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of supervised programs: who they are, their descriptors, their memory.
 * Knows nothing of calls. */
#ifndef SUPERVISE_THREAD_H
#define SUPERVISE_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct thread {
	struct thread *next;
	pid_t id;
	pid_t process;		/* its process id as the program itself sees it */
	int pidfd;		/* of the thread, or of its process in older kernels */
	bool is_watched;	/* the loop is told when it ends */
};

/* What is known of the thread; NULL and errno if it is gone, or not ours to look at. */
struct thread *thread_find(pid_t id);

/* It has ended. */
void thread_forget(pid_t id);

/* A duplicate of its descriptor, close-on-exec; -1 and errno. */
int thread_descriptor(pid_t id, int fd);

/* The first of its numbers from first to end - 1 that is free, or -1. */
int thread_free_number(pid_t id, int first, int end);

/* What is read and written from here on is a thread's that waits for the answer to this
 * call: once it does not, its number may be another process's. A listener of -1: the
 * thread is stopped, and waits for us. */
void thread_begin_call(int listener, uint64_t call);
bool thread_is_calling(void);

/* Copies n bytes from the thread's memory, or to it. Returns 0, or -1 and EFAULT. */
int thread_read(pid_t id, void *to, const void *from, size_t n);
int thread_write(pid_t id, void *to, const void *from, size_t n);

/* Copies a string that stands there. Returns its length, or -1: it has no end within
 * size bytes, or is not there. */
ssize_t thread_read_text(pid_t id, char *to, const void *from, size_t size);

/* The user whose files it may reach, as this process numbers users; -1 if it is gone. */
uid_t thread_user(pid_t id);

#endif
