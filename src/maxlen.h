/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net.ipv4.ip_queue_maxlen and net.ipv6.ip6_queue_maxlen: how many packets may wait, as
 * the administrator has written it. Knows nothing of queues. */
#ifndef IPQ_MAXLEN_H
#define IPQ_MAXLEN_H

#include <stdint.h>

#define MAXLEN_DEFAULT 1024

/*
 * The kernel has these sysctls no more, and a number for users to write and nobody to
 * act on in their place: net.ipv4.conf.INTERFACE.tag (Documentation/networking/
 * ip-sysctl in its source). It takes what the old ones took, an int in decimal, refuses
 * with the same errors, belongs to root, and is one for each network namespace. There is
 * one with each interface; lo and "all" are always there. 0 stands for the default.
 */
#define MAXLEN_FILE "/proc/sys/net/ipv4/conf/lo/tag"
#define MAXLEN_FILE6 "/proc/sys/net/ipv4/conf/all/tag"

/* The file for AF_INET or AF_INET6. */
const char *maxlen_file(int family);

/* What has been written, in packets; MAXLEN_DEFAULT if nothing, or if that cannot be
 * known. Leaves errno alone. */
uint32_t maxlen_written(int family);

#endif
