/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for the C library's own functions, where this library interposes them.
 * Included before all other headers when libipq is compiled for preloading, so that it
 * calls the C library. */
#ifndef PRELOAD_REAL_H
#define PRELOAD_REAL_H

/* With this macro, the headers would rename some of these functions to names that are
 * interposed, too. */
#undef _TIME_BITS

#define socket real_socket
#define bind real_bind
#define close real_close
#define connect sockets_connect_kernel	/* also remembers the descriptor */
#define send real_send
#define sendmsg real_sendmsg
#define recv real_recv
#define recvmsg real_recvmsg
#define recvmmsg real_recvmmsg
#define getsockname real_getsockname

#endif
