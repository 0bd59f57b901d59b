/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without CAP_NET_ADMIN, at first or later (FACTS 1). */
#include <criterion/criterion.h>

TestSuite(privileges, .timeout = 60);
