/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * <linux/in.h> that may stand before <net/if.h> and <netinet/in.h>: the kernel's
 * headers give way to those only if they stand before the first of its own
 * (<linux/libc-compat.h> looks once).
 */
#pragma GCC system_header
#include <net/if.h>
#include <netinet/in.h>
#include_next <linux/in.h>
