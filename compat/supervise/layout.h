/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies the structs that the arguments of system calls point to from a program's memory
 * and to it, in the layout of its architecture. Does not know what they are used for. */
#ifndef SUPERVISE_LAYOUT_H
#define SUPERVISE_LAYOUT_H

#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "call.h"

/* A copy of a program's struct msghdr, and of what it points to except for the data. */
struct layout_message {
	struct msghdr msg;
	struct sockaddr_storage name;
	struct iovec iov[IOV_MAX];
	uint64_t at;			/* its address in the program */
	uint64_t name_at;		/* the address of the name */
	socklen_t name_len;		/* the room for the name */
};

/* Makes m a message without buffers and without a name. */
void layout_clear(struct layout_message *m);

/* The functions below that get something return 0, or a negative errno. What those put is
 * written when layout_put_all is called, all at once, with the data of the message. It
 * returns 0, or -EFAULT if a part of it could not be written. */
int layout_put_all(const struct call *c);

/* Copies the arguments of socketcall(2). */
int layout_get_socketcall(const struct call *c, uint64_t args[6]);

/* Copies an array of struct iovec. If count is too large, nothing is copied, and
 * msg_iovlen is too large as well, so that the next function to use it fails. */
int layout_get_buffers(const struct call *c, uint64_t at, uint64_t count,
		       struct layout_message *m);

/* Set a single buffer, and copy a name. */
void layout_set_buffer(struct layout_message *m, uint64_t at, size_t len);
int layout_get_name(const struct call *c, uint64_t at, int len, struct layout_message *m);

/* Copy a struct msghdr from the program, and what a call has changed in it, or in the
 * name only, back to the program. layout_mmsg_at returns the address of the nth struct
 * mmsghdr of an array; layout_put_mmsg_len sets its msg_len. */
int layout_get_message(const struct call *c, uint64_t at, struct layout_message *m);
void layout_put_message(const struct call *c, const struct layout_message *m);
void layout_put_name(const struct call *c, const struct layout_message *m);
uint64_t layout_mmsg_at(const struct call *c, uint64_t at, unsigned int n);
void layout_put_mmsg_len(const struct call *c, uint64_t at, unsigned int n, uint32_t len);

/* Gets a struct timespec in ns. With is_64bit it has 64-bit members in a 32-bit program
 * too. Returns -EINVAL if it is not a valid time. */
int layout_get_time(const struct call *c, uint64_t at, bool is_64bit, int64_t *ns);

/* Puts the struct stat of this call, which an i386 program has two of: struct stat of
 * stat(2) and struct stat64 of stat64(2). */
void layout_put_stat(const struct call *c, uint64_t at, const struct stat *st);

int layout_get_int(const struct call *c, uint64_t at, int *value);
void layout_put_int(const struct call *c, uint64_t at, int value);

#endif
