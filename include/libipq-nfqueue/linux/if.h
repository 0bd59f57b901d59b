/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * <linux/if.h> that may stand before <net/if.h>: the kernel's header gives
 * way to the C library's when that came first, never the other way round
 * (<linux/libc-compat.h>).
 */
#pragma GCC system_header
#include <net/if.h>
#include_next <linux/if.h>
