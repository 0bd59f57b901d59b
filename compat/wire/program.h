/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to the memory and the descriptors of the program that is served. Each front
 * end defines these functions in a header that is included before all others when this
 * folder is compiled for it: compat/preload/inside.h, where the program is this
 * process, and compat/supervise/outside.h, where its system calls are handed over to
 * another process. */
#ifndef WIRE_PROGRAM_H
#define WIRE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

struct ipq_socket;
struct request;

/* Whether n bytes that describe a message or an address (struct msghdr, struct iovec) can
 * be read: the program may have passed an invalid pointer. */
static bool program_describes(const void *at, size_t n);

/* Copies n bytes from or to the program's memory. Returns 0, or -1 and EFAULT. */
static int program_get(void *to, const void *from, size_t n);
static int program_put(void *to, const void *from, size_t n);

/* Whether the program's memory can be used directly and need not be copied. */
static bool program_is_here(void);

/* The program may have another form of ip_queue's messages than this process, since its
 * long has another size. program_request_size returns the size of a request without
 * payload in the program's form; program_widen changes one that wire_read has read to our
 * form. program_narrow changes a message of n bytes, or makes *message point to a changed
 * copy, and returns by how many bytes the program's form is shorter. */
static size_t program_request_size(void);
static void program_widen(struct request *r);
static size_t program_narrow(const void **message, size_t n);

/* Whether the program repeats a call that has made this request already, since a signal
 * kept the result from it. */
static bool program_has_made(const struct ipq_socket *s, const struct request *r);

/* Memory for one message in one piece. scratch_take returns 0, or -1 and ENOBUFS. */
struct scratch;
static int scratch_take(struct scratch *scratch, size_t size);
static void scratch_give(struct scratch *scratch);

/* Whether the program's descriptor fd is certainly a socket of ours. */
static bool program_has_socket(int fd);

/* Calls ip_queue_receive for s, and deals with a packet whose message is longer than
 * "room", the size of the program's buffer. len is at least room. */
static ssize_t program_receive(struct ipq_socket *s, int fd, void *buf, size_t len,
			       size_t room, int flags);

#endif
