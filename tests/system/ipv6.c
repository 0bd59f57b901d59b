/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same promises for IPv6 (FACTS 8). */
#include <criterion/criterion.h>

TestSuite(ipv6, .timeout = 60);
