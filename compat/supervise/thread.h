/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of supervised programs: their processes, descriptors and memory. Knows
 * nothing of system calls. */
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
	bool is_watched;	/* epoll reports its end (notices.c) */
};

/* Returns the thread with this id, or NULL and errno if it has ended or cannot be
 * accessed. */
struct thread *thread_find(pid_t id);

/* Call when the thread has ended. */
void thread_forget(pid_t id);

/* Returns a close-on-exec duplicate of the thread's descriptor, or -1 and errno. */
int thread_descriptor(pid_t id, int fd);

/* Returns the thread's first unused descriptor from first to end - 1, or -1 if there is
 * none. */
int thread_free_number(pid_t id, int first, int end);

/* Call before the memory of a thread is accessed that waits for the answer to this call.
 * When it no longer waits, its id may belong to another process, and accesses fail. With
 * a listener of -1 the thread is stopped, and remains so. thread_is_calling returns
 * whether it waits. */
void thread_begin_call(int listener, uint64_t call);
bool thread_is_calling(void);

/* Copies n bytes from the thread's memory, or to it. Returns 0, or -1 and EFAULT. */
int thread_read(pid_t id, void *to, const void *from, size_t n);
int thread_write(pid_t id, void *to, const void *from, size_t n);

/* thread_write_later does the same when thread_write_all is called, which returns 0, or -1
 * and EFAULT, for all that is to be written. More than a few bytes must remain where they
 * are until then. */
void thread_write_later(pid_t id, void *to, const void *from, size_t n);
int thread_write_all(pid_t id);

/* Copies a string from the thread's memory. Returns its length, or -1 if it does not end
 * within size bytes or cannot be read. */
ssize_t thread_read_text(pid_t id, char *to, const void *from, size_t size);

/* Returns the user id with which the thread accesses files, as seen in this process's
 * user namespace, or -1 if the thread has ended. */
uid_t thread_user(pid_t id);

#endif
