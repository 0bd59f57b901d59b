/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allows <linux/ipv6.h> to be included before <net/if.h> and <netinet/in.h>. The kernel's
 * headers leave definitions to these two only if they are included before the kernel's
 * first one, as <linux/libc-compat.h> checks that only once. */
#pragma GCC system_header
#include <net/if.h>
#include <netinet/in.h>
#include_next <linux/ipv6.h>
