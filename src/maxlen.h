/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sysctls net.ipv4.ip_queue_maxlen and net.ipv6.ip6_queue_maxlen: how many packets
 * may wait for a verdict, as the administrator has set it. Knows nothing of queues. */
#ifndef IPQ_MAXLEN_H
#define IPQ_MAXLEN_H

#include <stdint.h>

#define MAXLEN_DEFAULT 1024

/*
 * The kernel no longer has these sysctls. Another one serves in their place, a number
 * that users may write and that the kernel itself does not use:
 * net.ipv4.conf.INTERFACE.tag (Documentation/networking/ip-sysctl in the kernel's
 * source). It accepts what the old ones accepted, an int in decimal, refuses other values
 * with the same errors, can be written by root, and is separate in each network
 * namespace. Each interface has one; "lo" and "all" always exist. 0 stands for the
 * default.
 */
#define MAXLEN_FILE "/proc/sys/net/ipv4/conf/lo/tag"
#define MAXLEN_FILE6 "/proc/sys/net/ipv4/conf/all/tag"

/* The file for AF_INET or AF_INET6. */
const char *maxlen_file(int family);

/* Returns the number of packets that has been written, or MAXLEN_DEFAULT if none has or
 * the file cannot be read. Does not change errno. */
uint32_t maxlen_written(int family);

#endif
