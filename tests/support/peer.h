/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests have other processes do with libipq, by process_do, or do
 * themselves beside them. Asserts nothing. */
#ifndef SUPPORT_PEER_H
#define SUPPORT_PEER_H

#include <libipq.h>

/* The handle of the process that calls: one it made, or a copy of the one its
 * parent had when it forked. */
extern struct ipq_handle *peer;

/* Makes it, destroys it. Whether that worked. */
long peer_open(long family);
long peer_close(long unused);

/* As ipq_set_mode with range 0, and ipq_set_verdict with NF_ACCEPT. */
long peer_mode(long mode);
long peer_accept(long id);

/* Of the next message: a packet's id, an error's errno; -1 if it is something
 * else or does not come. */
long peer_packet(long unused);
long peer_error(long unused);

/* As queue_silent. */
long peer_silent(long unused);

/* The process that made the IPv4 handle by which queue 0 is owned; 0 if nobody
 * owns it. */
pid_t peer_owner(void);

/* How many packets wait in queue 0; -1 if nobody owns it. */
int peer_waiting(void);

#endif
