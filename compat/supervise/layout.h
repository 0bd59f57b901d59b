/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the arguments of calls point to in a program's memory, in the layout of its
 * architecture. Knows nothing of what it is for. */
#ifndef SUPERVISE_LAYOUT_H
#define SUPERVISE_LAYOUT_H

#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "call.h"

/* A struct msghdr of the program's, with room for what it points to: but the data. */
struct layout_message {
	struct msghdr msg;
	struct sockaddr_storage name;
	struct iovec iov[IOV_MAX];
	uint64_t at;			/* where it stands in the program, */
	uint64_t name_at;		/* and its name */
	socklen_t name_len;		/* the room there */
};

/* No buffers, and no name. */
void layout_clear(struct layout_message *m);

/* All return 0, or a negative errno. */

/* The arguments of socketcall(2). */
int layout_get_socketcall(const struct call *c, uint64_t args[6]);

/* struct iovec; a count that is not possible is left to whoever looks at it next. */
int layout_get_buffers(const struct call *c, uint64_t at, uint64_t count,
		       struct layout_message *m);

/* One buffer, and a name. */
void layout_set_buffer(struct layout_message *m, uint64_t at, size_t len);
int layout_get_name(const struct call *c, uint64_t at, int len, struct layout_message *m);

/* The nth struct msghdr, or struct mmsghdr, of an array; what a call has changed in it. */
int layout_get_message(const struct call *c, uint64_t at, struct layout_message *m);
int layout_put_message(const struct call *c, const struct layout_message *m);
int layout_put_name(const struct call *c, const struct layout_message *m);
uint64_t layout_mmsg_at(uint64_t at, unsigned int n);
int layout_put_mmsg_len(const struct call *c, uint64_t at, unsigned int n, uint32_t len);

/* A struct timespec, of 64 bits too on a 32-bit machine with is_64bit; in ns. -EINVAL if
 * it is no time. */
int layout_get_time(const struct call *c, uint64_t at, bool is_64bit, int64_t *ns);

int layout_get_int(const struct call *c, uint64_t at, int *value);
int layout_put_int(const struct call *c, uint64_t at, int value);

#endif
