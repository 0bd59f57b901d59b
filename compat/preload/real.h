/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library's own functions, beneath those this library puts before them.
 * Included ahead of everything else when the parts of libipq are compiled for
 * preloading, so that what they call is the C library's. */
#ifndef PRELOAD_REAL_H
#define PRELOAD_REAL_H

/* With it the headers give some of these another name again, which is ours too. */
#undef _TIME_BITS

#define socket real_socket
#define bind real_bind
#define close real_close
#define connect sockets_connect_kernel	/* and remember it */
#define send real_send
#define sendmsg real_sendmsg
#define recv real_recv
#define recvmsg real_recvmsg
#define recvmmsg real_recvmmsg
#define getsockname real_getsockname

#endif
