/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * <linux/in6.h> that may stand before <netinet/in.h>: the kernel's header gives
 * way to the C library's when that came first, never the other way round
 * (<linux/libc-compat.h>).
 */
#pragma GCC system_header
#include <netinet/in.h>
#include_next <linux/in6.h>
