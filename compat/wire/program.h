/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program that is served, as far as it matters where from: its memory, and its
 * descriptors. The functions here are defined once in each front end, in the header
 * that this folder is compiled with there, ahead of everything else: inside.h in
 * compat/preload, for the program whose process we are part of; outside.h in
 * compat/supervise, for one that hands its calls over. */
#ifndef WIRE_PROGRAM_H
#define WIRE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

struct ipq_socket;

/* Whether n bytes that describe a message (struct msghdr, its struct iovec) are there:
 * those that the program itself wrote may not be. */
static bool program_describes(const void *at, size_t n);

/* Copies n bytes from the program's memory, or to it. Returns 0, or -1 and EFAULT. */
static int program_get(void *to, const void *from, size_t n);
static int program_put(void *to, const void *from, size_t n);

/* Whether its memory can be used as it stands, and need not be copied. */
static bool program_is_here(void);

/* Room for one message in one piece. Returns 0, or -1 and ENOBUFS. */
struct scratch;
static int scratch_take(struct scratch *scratch, size_t size);
static void scratch_give(struct scratch *scratch);

/* Whether fd is a socket of ours for sure. */
static bool program_has_socket(int fd);

/* ip_queue_receive for s, and what becomes of a packet whose message is longer than room,
 * what the program itself has room for; len is at least that. */
static ssize_t program_receive(struct ipq_socket *s, int fd, void *buf, size_t len,
			       size_t room, int flags);

#endif
