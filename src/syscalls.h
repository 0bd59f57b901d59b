/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of system calls that the headers of older C libraries do not have. They are the
 * same on every architecture. */
#ifndef IPQ_SYSCALLS_H
#define IPQ_SYSCALLS_H

#include <sys/syscall.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

#endif
