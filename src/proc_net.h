/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads from /proc about the calling thread's network namespace. Knows nothing of
 * sockets. */
#ifndef IPQ_PROC_NET_H
#define IPQ_PROC_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns a number that no other existing network namespace has, or 0 before Linux 3.8,
 * where it cannot be found out. */
uint64_t proc_net_number(void);

/* A file of /proc that is being read. No memory is allocated, as the program may be in a
 * signal handler. */
struct proc_file {
	int fd;
	size_t at, have;	/* the rest of buf, in bytes */
	char buf[1024];
};

/* Opens the file of this path, or of this name in the thread's /proc/net. Returns false and
 * errno on failure. */
bool proc_file_open(struct proc_file *f, const char *path);
bool proc_net_open(struct proc_file *f, const char *name);
void proc_file_close(struct proc_file *f);

/* Returns the next byte, or -1 at the end. */
int proc_file_byte(struct proc_file *f);

/* Reads the next line, of which text gets size - 1 bytes at most, without the newline.
 * Returns false at the end. */
bool proc_file_line(struct proc_file *f, char *text, size_t size);

#endif
