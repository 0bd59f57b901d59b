/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Actions with libipq for processes that a test starts (process_do), or for the test
 * itself. They have no assertions. */
#ifndef SUPPORT_PEER_H
#define SUPPORT_PEER_H

#include <libipq.h>

/* The handle of the calling process: created by peer_open, or copied from the
 * parent by fork. */
extern struct ipq_handle *peer;

/* Create and destroy the handle. Return whether that succeeded. */
long peer_open(long family);
long peer_close(long unused);

/* Like ipq_set_mode with range 0, and ipq_set_verdict with NF_ACCEPT. */
long peer_mode(long mode);
long peer_accept(long id);

/* Return the id of the packet, or the errno of the error, that is the next message; -1 if
 * there is none or another. */
long peer_packet(long unused);
long peer_error(long unused);

/* Like queue_silent. */
long peer_silent(long unused);

/* Returns the process that created the IPv4 handle which owns queue 0; 0 if
 * nobody owns it. */
pid_t peer_owner(void);

/* Returns how many packets wait in queue 0; -1 if nobody owns it. */
int peer_waiting(void);

#endif
